"""Outages of our own: noticed, lived through, and over.

While one lasts, what fails by it costs no attempt and says nothing of the endpoint. A drain tries a few deliveries at a
time, to learn when it is over. Its row in the database is for all drains; each looks once a second.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import connection, transaction

from . import outage_rules, outbox
from .outage_rules import ERRORS, Result
from .verdict import OURS

logger = logging.getLogger(__name__)

# Of what came of requests, the newest; and no older than that.
NEWEST_ATTEMPTS = 1000
EVIDENCE_SECONDS = 60.0
# An endpoint was well if it accepted something within a day, and began to fail no longer ago than that.
FRESH_FAILURE_SECONDS = 600.0
LOOK_SECONDS = 1.0
# What a drain tries meanwhile.
PROBES = 4
PROBE_SECONDS = 3.0
# Drains learn of it within a second; what they noted of endpoints until then is taken back.
LEARNED_SECONDS = 5.0
# Nothing was tried for so long: nothing waits, and nothing is known of the network.
SILENT_SECONDS = 120.0


@dataclass(slots=True)
class _Known:
    """What this process knows; times by the monotonic clock."""

    ongoing: bool = False
    looked_at: float = float("-inf")
    probed_at: float = float("-inf")


_known = _Known()

_RESULTS = """
SELECT d.company_id, a.url, a.error, extract(epoch FROM a.started_at)::float8,
       coalesce(h.failing_since > clock_timestamp() - make_interval(secs => %s)
                AND h.last_success_at > clock_timestamp() - interval '1 day', false),
       a.delivery_id, a.number
  FROM (SELECT id, delivery_id, number, url, error, started_at, outcome FROM subscriptions_attempt
         ORDER BY id DESC LIMIT %s) a
  JOIN subscriptions_delivery d ON d.id = a.delivery_id
  LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = d.subscription_id
 WHERE a.outcome <> 'lost' AND a.started_at > clock_timestamp() - make_interval(secs => %s)
 ORDER BY a.started_at DESC, a.id DESC
"""

_COMPANIES = """
SELECT count(*) FROM (SELECT DISTINCT company_id FROM subscriptions_subscription WHERE state = 'active' LIMIT %s) c
"""

_BEGIN = """
INSERT INTO subscriptions_serviceoutage (ongoing, began_at, noticed_at, hosts, companies, errors)
VALUES (true, to_timestamp(%s), clock_timestamp(), %s, %s, %s) ON CONFLICT (ongoing) DO NOTHING
"""

# What was noted of endpoints since it began is not about them. Their retries are brought forward when it is over.
_TAKE_BACK = """
UPDATE subscriptions_endpointhealth h
   SET failing_since = NULL, failing_days = 0, window_good = 0, window_bad = 0, opened = 0, open_until = NULL,
       forward_mode = 1, forward_batch = 0, forward_began_at = clock_timestamp(), forward_at = clock_timestamp()
  FROM subscriptions_serviceoutage o
 WHERE o.ongoing AND h.failing_since >= o.began_at
   AND h.failing_since <= o.noticed_at + make_interval(secs => %s)
   AND coalesce(h.retry_after_until < clock_timestamp(), true)
RETURNING h.subscription_id
"""

_REFUND = """
UPDATE subscriptions_delivery d SET round_began_after = least(d.attempts, d.round_began_after + 1)
  FROM unnest(%s::bigint[], %s::int[]) AS a (id, number)
 WHERE d.id = a.id AND d.state = 'pending' AND d.claim IS NULL AND d.attempts = a.number
"""

_ONGOING = """
SELECT extract(epoch FROM noticed_at)::float8, extract(epoch FROM clock_timestamp())::float8
  FROM subscriptions_serviceoutage WHERE ongoing FOR UPDATE SKIP LOCKED
"""

_END = "UPDATE subscriptions_serviceoutage SET ongoing = NULL, ended_at = clock_timestamp() WHERE ongoing"

_GO_ON = """
UPDATE subscriptions_endpointhealth SET forward_batch = 0, forward_began_at = clock_timestamp()
 WHERE forward_at IS NOT NULL
"""


def ongoing() -> bool:
    """Whether an outage of our own lasts, as far as this process knows."""
    return _known.ongoing


def limit_claim(limit: int) -> int:
    """How many deliveries a drain may claim now, of the `limit` that it has room for."""
    if not _known.ongoing:
        return limit
    if time.monotonic() - _known.probed_at < PROBE_SECONDS:
        return 0
    _known.probed_at = time.monotonic()
    return min(limit, PROBES)


def suspect(errors: set[str]) -> None:
    """Requests ended so: look whether it is us. Once a second at most."""
    if _known.ongoing or not errors & ERRORS or time.monotonic() - _known.looked_at < LOOK_SECONDS:
        return
    _known.looked_at = time.monotonic()
    rows = _read_results()
    with connection.cursor() as cursor:
        cursor.execute(_COMPANIES, [outage_rules.MINIMUM_COMPANIES])
        (companies,) = cursor.fetchone()
    found = outage_rules.find_outage([result for result, *_ in rows], companies=companies)
    if found is None:
        return
    hit = [(delivery, number) for one, delivery, number, _ in rows if one.failed and one.at >= found.began]
    seen = sorted({error for one, _, _, error in rows if one.failed and one.at >= found.began})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BEGIN, [found.began, found.hosts, found.companies, ", ".join(seen)[:200]])
        begun = bool(cursor.rowcount)
        if begun:
            _take_back()
            cursor.execute(_REFUND, [[delivery for delivery, _ in hit], [number for _, number in hit]])
    _known.ongoing = True
    if begun:
        logger.error(
            "An outage of our own: %d hosts of %d companies fail at once (%s). Check this machine's name resolution, "
            "network and clock. Nothing is charged to receivers, and all is sent when it is over.",
            found.hosts,
            found.companies,
            ", ".join(seen),
        )


def follow(lasts: bool) -> None:
    """Once a second: `lasts` is what the database says. Ends the outage when requests get through again."""
    _known.ongoing = lasts
    if not lasts:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ONGOING)
        row = cursor.fetchone()
        if row is None:
            return  # another drain is at it
        noticed, now = row
        results = [result for result, *_ in _read_results()]
        silent = now - max([noticed, *(one.at for one in results)]) > SILENT_SECONDS
        if not silent and not outage_rules.is_over(results, noticed=noticed, now=now):
            return
        _take_back()
        cursor.execute(_GO_ON)
        cursor.execute(_END)
    _known.ongoing = False
    logger.warning(
        "The outage of our own is over after %.0f s; what waits is sent, a few webhooks at first.", now - noticed
    )


def _take_back() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK, [LEARNED_SECONDS])
        outbox.make_ready([row[0] for row in cursor.fetchall()])


def forget() -> None:
    """Know nothing, as a new process does."""
    global _known
    _known = _Known()


def _read_results() -> list[tuple[Result, int, int, str]]:
    """The newest first, each with its delivery, the attempt's number and its error. What failed for want of sockets, or
    before it was sent, says nothing of the network."""
    with connection.cursor() as cursor:
        cursor.execute(_RESULTS, [FRESH_FAILURE_SECONDS, NEWEST_ATTEMPTS, EVIDENCE_SECONDS])
        return [_result(*row) for row in cursor.fetchall() if row[2] not in (*OURS, "internal", "refused_address")]


def _result(company: int, url: str, error: str, at: float, was_well: bool, delivery: int, number: int) -> Any:
    host = urlsplit(url).hostname or ""
    return Result(company, host, error in ERRORS, was_well, at), delivery, number, error
