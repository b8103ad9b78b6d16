"""Python's cyclic garbage collector: seldom, and not through what a process has loaded."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects until the collector looks through them; Python takes 700.
#
# A delivery makes some thirty that live until it is recorded, and next to no cycles. By Python's number the collector
# would look through those under way a dozen times, for a sixteenth of a drain's CPU.
DRAIN_OBJECTS = 50_000
# A request leaves 60 to 200 and few cycles: a fiftieth of its CPU. What waits to be collected is a megabyte or two.
WEB_OBJECTS = 10_000


def collect_seldom(objects: int) -> None:
    """From now on. A whole collection of a web worker's 180,000 objects stops it for a twentieth of a second."""
    gc.freeze()
    gc.set_threshold(objects, *gc.get_threshold()[1:])


@contextmanager
def collecting_seldom(objects: int) -> Iterator[None]:
    """`collect_seldom` in the block."""
    before = gc.get_threshold()
    collect_seldom(objects)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
