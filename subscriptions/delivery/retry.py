"""When to try again. Pure: no clock, no database.

The schedule is the one that Standard Webhooks recommends in spirit: quick at first, because most failures are a
deploy or a hiccup, then ever slower over about three days, so that a weekend's outage loses nothing.
"""

from __future__ import annotations

import random

MINUTE, HOUR = 60.0, 3600.0

# Seconds to wait after the 1st, 2nd … failed attempt. Ten attempts in about 76 hours.
WAITS = (5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
MAX_ATTEMPTS = len(WAITS) + 1
JITTER = 0.2  # so that the deliveries of one outage do not all come back in the same second


def wait_after(failed_attempts: int, *, jitter: float | None = None, scale: float = 1.0) -> float | None:
    """Seconds until the next attempt when `failed_attempts` (from 1) of the current round have failed; None: give up.

    `jitter` lies in -1 … 1 and is drawn when not given. `scale` multiplies every wait.
    """
    if failed_attempts < 1:
        raise ValueError("A wait follows at least one failed attempt.")
    if failed_attempts > len(WAITS):
        return None
    spread = random.uniform(-1, 1) if jitter is None else jitter
    return WAITS[failed_attempts - 1] * (1 + JITTER * spread) * scale
