"""The circuit breaker of an endpoint: when it is left alone for a while. Pure: no clock, no database.

Closed, it counts the answers of a window. Too many of them bad: it opens, and nothing is sent to the endpoint for a
while; deliveries wait and lose no attempt. Then one is tried at a time (half open): good closes the breaker, bad opens
it for twice as long.

An endpoint can also open it by itself, with `Retry-After`: for exactly as long as it asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# Answers are counted over this long. Shorter forgets a slow dying; longer keeps punishing what has recovered.
WINDOW_SECONDS = 60.0
# Fewer answers than this say nothing: one failure of one delivery must not stop the others.
MINIMUM_ANSWERS = 5
# Part of the window's answers that must have failed.
FAILURE_RATE = 0.8
# The first break, and the longest. Each break without a success between doubles it.
BREAK_SECONDS = 15.0
LONGEST_BREAK_SECONDS = 300.0
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Health:
    """As in the table EndpointHealth; times in seconds since 1970 by the database's clock."""

    window_began: float
    good: int = 0
    bad: int = 0
    open_until: float | None = None
    opened: int = 0
    last_success: float | None = None
    last_failure: float | None = None
    reason: str = ""
    failing_since: float | None = None
    asked_until: float | None = None
    failing_days: int = 0


def after(
    health: Health, *, good: int, bad: int, reason: str, now: float, scale: float = 1.0, retry_after: float = 0.0
) -> Health:
    """The health after some more answers; `reason` says in words why the last bad one failed, `scale` multiplies the
    breaks. `retry_after`: seconds for which the endpoint asked to be left alone, 0 when it did not ask."""
    held = health.asked_until is not None and health.asked_until > now
    if now - health.window_began > WINDOW_SECONDS:
        health = replace(health, window_began=now, good=0, bad=0)
    health = replace(health, good=health.good + good, bad=health.bad + bad)
    if bad:
        since = health.failing_since if health.failing_since is not None and not good else now
        days = _failing_days(health, since, now)
        health = replace(health, last_failure=now, reason=reason, failing_since=since, failing_days=days)
    if good:
        health = replace(health, last_success=now, failing_since=health.failing_since if bad else None)
        health = replace(health, failing_days=health.failing_days if bad else 0)
    if retry_after > 0:
        return _hold(health, now + retry_after)
    if held:
        return health  # answers to requests that were under way when it asked: they change nothing of its wish
    if good:
        # Some answered well: the breaker, if it was open, has done its work.
        health = replace(health, opened=0, open_until=None, asked_until=None)
        return _opened(health, now, scale) if _too_many_bad(health) else health
    if bad and health.opened and (health.open_until is None or health.open_until <= now):
        return _opened(health, now, scale)  # the trial of the half-open breaker failed
    if bad and not health.opened and _too_many_bad(health):
        return _opened(health, now, scale)
    return health


def _failing_days(health: Health, since: float, now: float) -> int:
    """On how many days since `since`, each of 24 hours from then, something failed; `now` something did."""
    if since != health.failing_since or health.last_failure is None:
        return 1
    a_new_day = (now - since) // DAY_SECONDS > (health.last_failure - since) // DAY_SECONDS
    return max(1, health.failing_days) + a_new_day


def _hold(health: Health, until: float) -> Health:
    until = max(until, health.asked_until or 0.0)
    open_until = max(until, health.open_until or 0.0)
    return replace(health, asked_until=until, open_until=open_until, opened=max(1, health.opened), good=0, bad=0)


def break_seconds(opened: int) -> float:
    """How long the breaker stays open when it opens for the `opened`th time (from 1) since the last success."""
    return min(LONGEST_BREAK_SECONDS, BREAK_SECONDS * 2.0 ** min(opened - 1, 10))


def _too_many_bad(health: Health) -> bool:
    answers = health.good + health.bad
    return answers >= MINIMUM_ANSWERS and health.bad >= FAILURE_RATE * answers


def _opened(health: Health, now: float, scale: float) -> Health:
    opened = health.opened + 1
    return replace(
        health, opened=opened, open_until=now + break_seconds(opened) * scale, window_began=now, good=0, bad=0
    )
