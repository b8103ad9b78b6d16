"""When a change of an endpoint is told: at once, or later and together with others. Pure: no clock, no database.

The first changes are told at once. An endpoint that goes on failing and recovering is told of once it has stayed as it
is for a while, longer each time; that message says how often it failed meanwhile. After some calm hours it starts over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

WELL, FAILING, DISABLED = "well", "failing", "disabled"

AT_ONCE = 4  # messages: it failed, recovered, failed, recovered
CALM_SECONDS = 6 * 3600.0  # without a change
# How long it must stay as it is before the first message after these, twice as long before the next, and so on.
STAYS_SECONDS, LONGEST_STAY_SECONDS = 1800.0, 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Known:
    """Of one endpoint: what was told last, and what is the case. Times in seconds since 1970.

    `untold` changes, among them `failures`, since the last message; `sent` messages since it was calm. `tell_at`: when
    what is untold may be told, if nothing changes."""

    told: str = WELL
    seen: str = WELL
    changed_at: float = 0.0
    untold: int = 0
    failures: int = 0
    sent: int = 0
    tell_at: float | None = None


@dataclass(frozen=True, slots=True)
class Message:
    state: str
    failures: int  # since the last message


def decide(known: Known, state: str, now: float) -> tuple[Known, Message | None]:
    """What is known after a look at the endpoint, and what is told now."""
    if state != known.seen:
        known = replace(
            known,
            seen=state,
            changed_at=now,
            untold=known.untold + 1,
            failures=known.failures + (state == FAILING),
            sent=0 if now - known.changed_at >= CALM_SECONDS else known.sent,
        )
    if not known.untold:
        return known, None
    if known.sent >= AT_ONCE and state != DISABLED:  # that one is final: somebody has to act
        stays = min(LONGEST_STAY_SECONDS, STAYS_SECONDS * 2.0 ** min(known.sent - AT_ONCE, 10))
        if now < known.changed_at + stays:
            return replace(known, tell_at=known.changed_at + stays), None
    told = Message(state, known.failures)
    return replace(known, told=state, untold=0, failures=0, sent=known.sent + 1, tell_at=None), told
