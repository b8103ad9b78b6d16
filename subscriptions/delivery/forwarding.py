"""What waits for a retry goes sooner: after a success that follows failures, a new address, an outage of our own, or
when somebody asks. A few go first, then ever more while they arrive: a receiver that is just back is not flooded.

The state is in EndpointHealth, so it survives restarts. The drains take a step each second (`step`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from django.db import connection, transaction

from . import outbox

FIRST_BATCH = 5
LARGEST_BATCH = 500  # a second
STEP_SECONDS = 1.0
# Without any answer for so long the rest keeps its schedule.
PATIENCE_SECONDS = 600.0
# Nor while it fails for so long. (One failure among many good answers slows it down and stops nothing.)
FAILING_SECONDS = 30.0
# Of one step, all endpoints together: a short transaction.
MOST_ENDPOINTS = 200
MOST_ROWS = 5000


class Mode(IntEnum):
    """Why: that decides which rows go, and whether the attempt costs one of the schedule."""

    RECOVERED = 1  # all of them: the endpoint failed, and is well
    SUCCESS = 2  # each once: one that its receiver never accepts must not be hurried again and again
    ASKED = 3  # all of them, and the attempt is free: a person or a program wants it so


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Of one endpoint; times in seconds since 1970 by the database's clock. `batch`: how many the last step moved."""

    endpoint: int
    mode: int
    batch: int
    began: float
    last_success: float | None = None
    last_failure: float | None = None
    active: bool = True
    left_alone: bool = False


def next_batch(one: Forwarding, now: float) -> int | None:
    """How many rows to bring forward now; 0: wait for an answer; None: leave the rest as it is."""
    success = one.last_success if one.last_success is not None and one.last_success > one.began else None
    failure = one.last_failure if one.last_failure is not None and one.last_failure > one.began else None
    if not one.active or (failure is not None and one.left_alone):
        return None
    if failure is not None and failure > (success or 0.0):
        return 0 if now - failure < FAILING_SECONDS else None
    if not one.batch:
        return FIRST_BATCH
    if success is not None:
        return min(LARGEST_BATCH, one.batch * 2)
    return 0 if now - one.began < PATIENCE_SECONDS else None


_BEGIN = """
UPDATE subscriptions_endpointhealth
   SET forward_mode = %s, forward_batch = 0, forward_began_at = to_timestamp(%s), forward_at = clock_timestamp()
 WHERE subscription_id = ANY (%s) AND (%s OR forward_at IS NULL)
"""

_READ = """
SELECT h.subscription_id, h.forward_mode, h.forward_batch, extract(epoch FROM h.forward_began_at)::float8,
       extract(epoch FROM h.last_success_at)::float8, extract(epoch FROM h.last_failure_at)::float8,
       s.state = 'active', coalesce(h.open_until > clock_timestamp(), false)
  FROM subscriptions_endpointhealth h JOIN subscriptions_subscription s ON s.id = h.subscription_id
 WHERE h.forward_at <= clock_timestamp() ORDER BY h.forward_at LIMIT %s FOR NO KEY UPDATE OF h SKIP LOCKED
"""

_WRITE = """
UPDATE subscriptions_endpointhealth h
   SET forward_batch = n.batch, forward_at = clock_timestamp() + make_interval(secs => n.wait)
  FROM unnest(%s::bigint[], %s::int[], %s::float8[]) AS n (id, batch, wait) WHERE h.subscription_id = n.id
"""


def begin(endpoints: Sequence[int], mode: Mode, *, now: float) -> None:
    """Bring forward what waits for these, in steps. `now`: the answers after that time decide how fast it goes on. What
    is going on already goes on, unless somebody asks."""
    if endpoints:
        with connection.cursor() as cursor:
            cursor.execute(_BEGIN, [mode, now, list(endpoints), mode == Mode.ASKED])


def step() -> int:
    """The next batches of all endpoints whose second is over. Returns how many rows were made due."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        (now,) = cursor.fetchone()
        cursor.execute(_READ, [MOST_ENDPOINTS])
        going = [Forwarding(*row) for row in cursor.fetchall()]
        if not going:
            return 0
        batches: list[outbox.Batch] = []
        after: dict[int, tuple[int, float | None]] = {}  # the batch and the seconds until the next; None: the end
        room = MOST_ROWS
        for one in going:
            size = next_batch(one, now)
            if size is None:
                after[one.endpoint] = (0, None)
            elif size == 0:
                after[one.endpoint] = (one.batch, STEP_SECONDS)
            elif size <= room:
                room -= size
                batches.append(outbox.Batch(one.endpoint, size, one.mode == Mode.SUCCESS, one.mode == Mode.ASKED))
                after[one.endpoint] = (size, STEP_SECONDS)
        moved = outbox.bring_forward(batches)
        for batch in batches:
            if moved.get(batch.endpoint, 0) < batch.most:
                after[batch.endpoint] = (0, None)  # nothing is left
        ids = list(after)
        cursor.execute(_WRITE, [ids, [after[one][0] for one in ids], [after[one][1] for one in ids]])
    return sum(moved.values())
