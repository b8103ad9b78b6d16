"""When to try again. Pure: no clock, no database.

The standard schedule is the one that Standard Webhooks recommends in spirit: quick at first, because most failures are
a deploy or a hiccup, then ever slower over about three days, so that a weekend's outage loses nothing. A subscription
can choose another: for what is of no use tomorrow, or for receivers that may be down for a week.
"""

from __future__ import annotations

import random

MINUTE, HOUR = 60.0, 3600.0

STANDARD, QUICK, PATIENT = "standard", "quick", "patient"
# Seconds to wait after the 1st, 2nd … failed attempt.
SCHEDULES: dict[str, tuple[float, ...]] = {
    # Ten attempts in about 76 hours.
    STANDARD: (5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR),
    # Seven attempts in about an hour and three quarters.
    QUICK: (5.0, 30.0, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR),
    # Twelve attempts in about a week.
    PATIENT: (MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, *6 * (24 * HOUR,)),
}
JITTER = 0.2  # so that the deliveries of one outage do not all come back in the same second


def most_attempts(policy: str) -> int:
    return len(SCHEDULES[policy]) + 1


def tried_for(policy: str) -> float:
    """Seconds from the first attempt to the last."""
    return sum(SCHEDULES[policy])


def wait_after(
    failed_attempts: int, *, policy: str = STANDARD, jitter: float | None = None, scale: float = 1.0
) -> float | None:
    """Seconds until the next attempt when `failed_attempts` (from 1) of the current round have failed; None: give up.

    `jitter` lies in -1 … 1 and is drawn when not given. `scale` multiplies every wait.
    """
    if failed_attempts < 1:
        raise ValueError("A wait follows at least one failed attempt.")
    waits = SCHEDULES[policy]
    if failed_attempts > len(waits):
        return None
    spread = random.uniform(-1, 1) if jitter is None else jitter
    return waits[failed_attempts - 1] * (1 + JITTER * spread) * scale
