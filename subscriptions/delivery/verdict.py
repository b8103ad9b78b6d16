"""What follows from an answer: delivered, tried again (when?), given up, or the endpoint is gone. Pure: no clock."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from .retry import STANDARD, most_attempts, wait_after

LONGEST_RETRY_AFTER = 86_400.0
# A 429 costs no attempt, but not for ever: an event older than this pays for it.
FREE_429_SECONDS = 3 * 86_400.0
OBEYS_RETRY_AFTER = (429, 503)
# Refusals (4xx) that ask for another try: timed out, too early, too many.
ASK_AGAIN = (408, 425, 429)
# Error codes of our own failures. They say nothing of the endpoint and cost it nothing.
OURS = ("shortage",)
# At first, and at most; in between a tenth of the event's age, so that a long shortage is not made worse.
WAIT_AFTER_SHORTAGE, LONGEST_AFTER_SHORTAGE = 10.0, 300.0
WAIT_IN_OUTAGE = 15.0
IN_OUTAGE = "An outage of this service, which costs no attempt."


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` as in Delivery; `wait` seconds until the next attempt; `free`: it does not count in this round.
    `retry_after`: seconds for which the endpoint asks for no request. `ours`: it says nothing of the endpoint."""

    state: str
    wait: float = 0.0
    reason: str = ""
    free: bool = False
    gone: bool = False
    retry_after: float = 0.0
    ours: bool = False


DELIVERED = Verdict("delivered")


def judge(
    *,
    status: int | None,
    message: str,
    error: str = "",
    retry_after: str,
    tries: int,
    age: float,
    now: float,
    scale: float = 1.0,
    jitter: float | None = None,
    outage: bool = False,
    policy: str = STANDARD,
    retry_refusals: bool = True,
) -> Verdict:
    """`tries` counts this attempt, from 1, in the current round; `age` of the event and `now` (since 1970) in seconds.

    Any 2xx is success. `message` says in words why there is no status, when there is none; `error` is its code.
    `outage`: an outage of our own lasts, and this failed by it. `policy`: which schedule of retries; without
    `retry_refusals` an answer 4xx is the end, unless it asks for another try."""
    if status is not None and 200 <= status < 300:
        return DELIVERED
    why = message or f"The server answered {status}."
    if status == 410:
        return Verdict("failed", reason="The server answered 410 Gone: it wants no more.", gone=True)
    if outage:
        return judge_in_outage(why, scale=scale, jitter=jitter)
    if error in OURS:
        soon = min(LONGEST_AFTER_SHORTAGE, max(WAIT_AFTER_SHORTAGE, age / 10))
        return Verdict("pending", wait=soon * _spread(jitter) * scale, reason=why, free=True, ours=True)
    if status is not None and 400 <= status < 500 and status not in ASK_AGAIN and not retry_refusals:
        return Verdict("failed", reason=f"{why} This subscription is not tried again after a refusal (4xx).")
    asked = seconds_in(retry_after, now=now) if status in OBEYS_RETRY_AFTER else 0.0
    free = status == 429 and age < FREE_429_SECONDS
    wait = wait_after(max(1, tries - 1) if free else tries, policy=policy, scale=scale, jitter=jitter)
    if wait is None:
        return Verdict(
            "failed", reason=f"We stopped trying after {most_attempts(policy)} attempts. {why}", retry_after=asked
        )
    return Verdict("pending", wait=max(wait, asked), reason=why, free=free, retry_after=asked)


def judge_in_outage(why: str, *, scale: float = 1.0, jitter: float | None = None) -> Verdict:
    """What failed by an outage of our own."""
    wait = WAIT_IN_OUTAGE * _spread(jitter) * scale
    return Verdict("pending", wait=wait, reason=f"{IN_OUTAGE} {why}", free=True, ours=True)


def _spread(jitter: float | None) -> float:
    return random.uniform(0.5, 1.5) if jitter is None else 1 + jitter / 2


def seconds_in(retry_after: str, *, now: float) -> float:
    """Seconds that a Retry-After header asks for, 0 when it asks for nothing sensible, a day at most."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return LONGEST_RETRY_AFTER if len(text) > 6 else min(float(text), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = moment.timestamp() - now
    except (ValueError, OverflowError, TypeError, IndexError):
        return 0.0
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER)
