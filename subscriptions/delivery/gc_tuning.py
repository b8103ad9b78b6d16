"""Python's cyclic garbage collector, in a drain."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A delivery makes some thirty objects that live until it is recorded, and next to no cycles. By Python's 700 the
# collector would look through those under way a dozen times, for a sixteenth of a drain's CPU.
OBJECTS = 50_000


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """In the block, what is there already is looked at no more, and the rest seldom."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
