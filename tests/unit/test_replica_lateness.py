"""How late a replica is, from looks at both servers: never less than the truth."""

from __future__ import annotations

from subscriptions.database.replica_state import Lateness, Primary, Replica


def late(known: Lateness, at: float, written: int, replayed: int | None, committed_at: float | None = None):
    return known.seconds(Primary(written, at, ""), Replica(True, replayed, committed_at, ""))


def test_one_that_has_all_is_not_late_however_long_nothing_was_written():
    known = Lateness(60)
    assert late(known, 1000, written=500, replayed=500, committed_at=10) == 0
    assert late(known, 1030, written=500, replayed=500, committed_at=10) == 0


def test_it_is_as_late_as_the_newest_position_that_it_has():
    known = Lateness(60)
    for second in range(10):
        late(known, 1000 + second, written=500 + second, replayed=None)
    assert late(known, 1010, written=600, replayed=506) == 4


def test_one_that_receives_nothing_any_more_is_later_with_each_look():
    known = Lateness(60)
    assert late(known, 1000, written=500, replayed=500, committed_at=999) == 0
    assert [late(known, 1000 + s, written=500 + s, replayed=500, committed_at=999) for s in (10, 20)] == [10, 20]


def test_the_last_commit_that_it_replayed_tells_a_process_that_has_just_begun():
    assert late(Lateness(60), 1000, written=500, replayed=400, committed_at=997) == 3
    assert late(Lateness(60), 1000, written=500, replayed=400) is None
    assert late(Lateness(60), 1000, written=500, replayed=None) is None


def test_looks_are_forgotten():
    known = Lateness(60)
    late(known, 1000, written=500, replayed=500)
    assert late(known, 1061, written=600, replayed=550) is None
    assert len(known._looks) == 1


def test_positions_of_a_primary_that_was_ahead_of_its_successor_count_no_more():
    known = Lateness(60)
    late(known, 1000, written=500, replayed=500)
    assert late(known, 1001, written=450, replayed=449) is None


def test_clocks_tell_no_negative_lateness():
    assert late(Lateness(60), 1000, written=500, replayed=400, committed_at=1001) == 0
