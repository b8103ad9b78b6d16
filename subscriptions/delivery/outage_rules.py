"""What an outage of our own looks like in the results of the latest requests. Pure: no clock, no database.

When our resolver, network or clock fails, nearly all hosts fail at the same moment, with the same errors. One company
must not be able to fake that with many dead names. So companies are counted, each by a host of its own, and only hosts
that were well until now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# What requests end with when the fault is ours. Any other end, a refused connection too, shows that the network works.
ERRORS = frozenset({"dns", "dns_timeout", "unreachable", "connect_timeout", "proxy", "tls_expired", "tls_untrusted"})
# Fewer hosts than that, and of fewer companies (where there are so many), may fail at once by chance.
MINIMUM_HOSTS = 3
MINIMUM_COMPANIES = 3
# Part of the companies with a result since it began that it must have hit.
HIT = 0.8
# It is over when so much of what was tried last was answered.
ANSWERED = 0.5
HOSTS_TRIED = 4
# With a single host to try, one answer is enough only after so long.
ALONE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Result:
    """Of one request. `failed`: with one of ERRORS; `was_well`: its endpoint accepted webhooks until a short while ago.
    `at` in seconds since 1970 by the database's clock."""

    company: int
    host: str
    failed: bool
    was_well: bool
    at: float


@dataclass(frozen=True, slots=True)
class Found:
    """`began`: when the first of the requests that failed began."""

    began: float
    hosts: int
    companies: int


def find_outage(results: Sequence[Result], *, companies: int) -> Found | None:
    """Whether the latest results, newest first, are those of an outage of ours. `companies`: how many there are that
    webhooks are sent for."""
    latest = _latest_by_host(results)
    dark = {host: one.company for host, one in latest.items() if one.failed and one.was_well}
    if len(dark) < MINIMUM_HOSTS:
        return None
    began = min(one.at for one in results if one.host in dark and one.failed)
    newest: dict[int, Result] = {}
    for one in results:
        if one.at >= began and (one.was_well or not one.failed):
            newest.setdefault(one.company, one)
    hit = {company for company, one in newest.items() if one.failed}
    if not hit or len(hit) < HIT * len(newest):
        return None
    own = _with_a_host_of_their_own(
        (company, one.host) for one in results for company in [one.company] if one.host in dark and company in hit
    )
    if own < min(MINIMUM_COMPANIES, companies):
        return None
    return Found(began, len(dark), len(hit))


def is_over(results: Sequence[Result], *, noticed: float, now: float) -> bool:
    """Whether the results since it was noticed, newest first, show that requests get through again."""
    tried = list(_latest_by_host([one for one in results if one.at > noticed]).values())[:HOSTS_TRIED]
    answered = sum(not one.failed for one in tried)
    if len(tried) < 2 and now - noticed < ALONE_SECONDS:
        return False
    return bool(answered) and answered >= min(2, len(tried)) and answered >= ANSWERED * len(tried)


def _latest_by_host(results: Iterable[Result]) -> dict[str, Result]:
    latest: dict[str, Result] = {}
    for one in results:
        latest.setdefault(one.host, one)
    return latest


def _with_a_host_of_their_own(pairs: Iterable[tuple[int, str]]) -> int:
    """How many companies can each be given a host that no other was given: the ones with the fewest choose first."""
    hosts: dict[int, set[str]] = {}
    for company, host in pairs:
        hosts.setdefault(company, set()).add(host)
    taken: set[str] = set()
    for _, mine in sorted(hosts.items(), key=lambda item: (len(item[1]), item[0])):
        taken.update(sorted(mine - taken)[:1])
    return len(taken)
