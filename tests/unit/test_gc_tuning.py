"""In a drain the garbage collector sleeps, and is as it was afterwards."""

import gc

from subscriptions.delivery.gc_tuning import OBJECTS, collecting_seldom


def test_seldom_in_the_block_and_as_before_after_it():
    before = gc.get_threshold()
    with collecting_seldom():
        assert gc.get_threshold() == (OBJECTS, *before[1:])
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
