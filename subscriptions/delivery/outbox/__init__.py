"""All SQL of the outbox: stage, claim, gather, finish, hand back, hold and release.

Invariants
- A claim counts the attempt, sets the lease and marks the row with the drain's token in one statement; it is committed
  before the first byte is sent. A crash therefore costs a counted attempt and the rest of the lease, never a delivery.
- Only the holder of the token writes an outcome. A drain that comes back after its lease ended, when another holds the
  row, adds its attempt to the log and changes nothing else.
- A row whose lease ended unfinished gets an attempt in the log that says so, in the claim that takes it again.
- What waits costs a claim nothing: it looks at available rows and at endpoints whose time has come. A parked row's
  endpoint has a row in the queue; both are written under the claim lock.
- All times are the database's.
- Claims are made one after the other, under a transaction's advisory lock, so each sees the claims before it: what is
  in flight at an endpoint, and its rate, are limits for all drains together. The short claim (`claiming_few.py`) takes
  only rows that no limit touches, and goes beside them.
"""

from .claiming import NO_LIMIT, Claim, Limits, Position, claim
from .claiming_few import FewClaimed, claim_few
from .cursors import forget_plans, plan_as_usual, take_indexes
from .finishing import Finished, finish, follow, hand_back
from .forward import Batch, bring_forward, send_now, try_at_once
from .gathering import gather, send_full
from .holding import hold, note_released, release, waiting
from .paused_tests import claim_paused_tests
from .rows import Claimed, Outcome
from .staging import Look, look, make_ready, stage

__all__ = [
    "NO_LIMIT",
    "Batch",
    "Claim",
    "Claimed",
    "FewClaimed",
    "Finished",
    "Limits",
    "Look",
    "Outcome",
    "Position",
    "bring_forward",
    "claim",
    "claim_few",
    "claim_paused_tests",
    "finish",
    "follow",
    "forget_plans",
    "gather",
    "hand_back",
    "hold",
    "look",
    "make_ready",
    "note_released",
    "plan_as_usual",
    "release",
    "send_full",
    "send_now",
    "stage",
    "take_indexes",
    "try_at_once",
    "waiting",
]
