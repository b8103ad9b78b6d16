"""Which rows a drain gets: fair among companies, then among a company's endpoints; within each endpoint's window, rate,
breaker and order, and within what the drain may hold of a company and of one of its hosts.

A claim looks at endpoints that have something available, found by a loose index scan, and at endpoints in the queue
whose time has come; never at what waits. An endpoint that it meets and that can take nothing for a while is parked: its
available rows leave the index that claims look at, and its row in the queue says when to look again. A row behind an
earlier event of an ordered subscription is scheduled for when that one is tried again. So each row that waits costs one
update, and no claim after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from .claim_statement import CLAIM
from .cursors import by_index
from .rows import Claimed

# Companies, and endpoints of all of them, that one claim looks at; the next goes on behind them.
COMPANIES_PER_CLAIM = 250
ENDPOINTS_PER_CLAIM = 500
# One that may bring few rows looks at fewer: two endpoints of a company are looked at, and to look at one takes as long
# as to claim a row. But at some, since all but the last may have as much under way as they may.
ENDPOINTS_OF_A_COMPANY = 2
LEAST_COMPANIES = 50
# Rows looked at for each one that is taken, when many endpoints have more than enough: their shares of the limit are
# even then, and to sort all of their windows would cost more than the claim.
CANDIDATES = 4
# A claim that is out for longer than this makes its endpoint one that may not take the last places. (It may have waited
# for its turn in the drain for a part of that, `fairness.FEED_SECONDS`.)
STUCK_SECONDS = 3.0
# An endpoint with as much under way as it may have is looked at again when an outcome comes, or after this time.
BUSY_SECONDS = 5.0
# One whose subscription takes nothing is held by a sweep; until then nobody looks at it more often than this.
INACTIVE_SECONDS = 60.0
# Rows of one endpoint that a claim parks, and in all: some milliseconds. The next claim that meets the rest goes on.
PARKED_OF_ENDPOINT = 1000
PARKED_AT_ONCE = 2000
# Rows of an ordered subscription that a claim looks at for ones that are not behind another.
ORDERED_LOOK = 100
# The longest wait for an earlier event. Its end is told (`follow`): this is for when that is lost.
ORDER_SECONDS = 3600.0
# Of an endpoint's turns, the part that goes to retries and resends while first tries are waiting too.
LATE_SHARE = 0.25
# Bodies that one claim brings, of 5 MB at most each: they are in memory three times until they are sent.
CLAIM_BYTES = 32_000_000
NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows a claim may bring, beside what the drain holds already (`delivery/fairness.py`).

    `company`: what the drain may hold of one company while another has something to send; `alone`: while none has.
    `held`: what it holds, by company. `failing`, `unknown`: rows of endpoints that fail and of those that nothing is
    known of. `window`: rows of an endpoint that may be claimed by all drains together, `windows` where it differs.
    `host`: rows for one host of a company, `hosts` where it differs: the rows, and the seconds until there may be more
    when there may be none."""

    rows: int
    company: int = NO_LIMIT
    alone: int = NO_LIMIT
    held: Mapping[int, int] = field(default_factory=dict)
    failing: int = NO_LIMIT
    unknown: int = NO_LIMIT
    window: int = 2
    windows: Mapping[int, int] = field(default_factory=dict)
    host: int = NO_LIMIT
    hosts: Mapping[tuple[int, str], tuple[int, float]] = field(default_factory=dict)


@dataclass(slots=True)
class Position:
    """Where the next claim goes on: behind this company, and behind these endpoints of companies that have more of them
    than a claim looks at. Both begin anew at 0."""

    company: int = 0
    endpoints: dict[int, int] = field(default_factory=dict)

    def move(self, company: int, seen: Sequence[int], ends: Sequence[int]) -> bool:
        """`ends`: of each company that was seen the last endpoint that was looked at, 0 when that were all. Returns
        whether the claim left out what is before this position."""
        skipped, self.company = self.company > 0, company
        for one, end in zip(seen, ends, strict=True):
            skipped |= one in self.endpoints
            if end:
                self.endpoints[one] = end
            else:
                self.endpoints.pop(one, None)
        return skipped


@dataclass(frozen=True, slots=True)
class Claim:
    """`more`: something else is available that could be sent, or could as soon as an outcome is in. `cut`: there are
    more companies or endpoints than were looked at; `skipped`: there may be some before those. `next_seconds`: until
    the first of what was put off can be tried; None when nothing was."""

    rows: list[Claimed]
    more: bool
    cut: bool
    skipped: bool
    next_seconds: float | None


def claim(*, token: UUID, lease: float, limits: Limits, position: Position) -> Claim:
    """Claim due rows for `lease` seconds, going on at `position`, which is moved."""
    hosts = limits.hosts
    companies_per_claim = min(COMPANIES_PER_CLAIM, max(LEAST_COMPANIES, limits.rows // ENDPOINTS_OF_A_COMPANY))
    values = {
        "token": token,
        "lease": lease,
        "after_company": position.company,
        "cut_companies": list(position.endpoints),
        "after_endpoints": list(position.endpoints.values()),
        "companies_per_claim": companies_per_claim,
        "endpoints_per_claim": min(ENDPOINTS_PER_CLAIM, ENDPOINTS_OF_A_COMPANY * companies_per_claim),
        "endpoints": list(limits.windows),
        "windows": list(limits.windows.values()),
        "window": limits.window,
        "host_companies": [company for company, _ in hosts],
        "host_names": [name for _, name in hosts],
        "host_rooms": [room for room, _ in hosts.values()],
        "host_rests": [float(rest) for _, rest in hosts.values()],
        "host_room": limits.host,
        "limit": limits.rows,
        "share": limits.rows * CANDIDATES,
        "company_limit": limits.company,
        "alone_limit": limits.alone,
        "held_companies": list(limits.held),
        "held_rows": list(limits.held.values()),
        "failing_allowed": limits.failing,
        "unknown_allowed": limits.unknown,
        "stuck": STUCK_SECONDS,
        "busy": BUSY_SECONDS,
        "inactive": INACTIVE_SECONDS,
        "parked_of_endpoint": PARKED_OF_ENDPOINT,
        "parked_at_once": PARKED_AT_ONCE,
        "ordered_look": ORDERED_LOOK,
        "order_seconds": ORDER_SECONDS,
        "late_share": LATE_SHARE,
        "bytes": CLAIM_BYTES,
    }
    (found,) = by_index((CLAIM, values), locked=True)
    reached, companies, ends, more, next_seconds = found[0][:5]
    skipped = position.move(reached, companies or [], ends or [])
    rows = [_claimed(row[5:], token) for row in found if row[5] is not None]
    return Claim(rows, more, bool(reached or any(ends or ())), skipped, next_seconds)


def _claimed(row: tuple[Any, ...], token: UUID) -> Claimed:
    return Claimed(*(*row, token))
