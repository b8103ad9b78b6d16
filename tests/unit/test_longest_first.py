"""The files that take longest come first in a run, and are named as they are."""

from pathlib import Path

from tests.support.longest import LONGEST, place_of

ROOT = Path(__file__).resolve().parents[2]


def test_each_file_that_takes_long_is_there():
    assert [name for name in LONGEST if not (ROOT / name).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)


def test_they_come_before_all_others():
    assert place_of(LONGEST[0]) < place_of(LONGEST[-1]) < place_of("tests/unit/test_breaker.py")


def test_a_run_has_them_in_this_order(request):
    places = [place_of(item.nodeid.split("::")[0]) for item in request.session.items]
    assert places == sorted(places)
