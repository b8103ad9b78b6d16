"""All SQL of the outbox: claim, finish, hand back, hold and release, when next.

Invariants
- A claim counts the attempt, sets the lease and marks the row with the drain's token in one statement; it is committed
  before the first byte is sent. A crash therefore costs a counted attempt and the rest of the lease, never a delivery.
- Only the holder of the token writes an outcome. A drain that comes back after its lease ended, when another holds the
  row, adds its attempt to the log and changes nothing else.
- A row whose lease ended unfinished gets an attempt in the log that says so, in the claim that takes it again.
- All times are the database's.
- Claims are made one after the other, under a transaction's advisory lock, so each sees the claims before it: what is
  in flight at an endpoint, and its rate, are limits for all drains together.
"""

from .claiming import Claim, claim
from .cursors import forget_plans
from .finishing import finish, hand_back
from .forward import Batch, bring_forward, send_now, try_at_once
from .holding import hold, note_released, release, waiting
from .pending import oldest_due_seconds, seconds_to_next
from .rows import Claimed, Outcome

__all__ = [
    "Batch",
    "Claim",
    "Claimed",
    "Outcome",
    "bring_forward",
    "claim",
    "finish",
    "forget_plans",
    "hand_back",
    "hold",
    "note_released",
    "oldest_due_seconds",
    "release",
    "seconds_to_next",
    "send_now",
    "try_at_once",
    "waiting",
]
