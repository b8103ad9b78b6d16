"""A phone system's clock and ours differ, and some count whole seconds: no end, answer or routing is refused for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from calls import stale_calls
from calls.models import Call
from tests.support import factories
from tests.support.api import happened, program, ringing, wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return factories.make_company(recording_expected=False, transcription_expected=False)


@pytest.fixture
def tell(company):
    api = program(company)
    tracking = factories.make_tracker(company).phone_number

    def tell(**fields):
        body = ringing(tracking, external_source="pbx", external_id="1", **fields)
        if body["start_time"] is None:
            del body["start_time"]
        return api.post("/api/v1/calls/", body)

    return tell


@pytest.mark.parametrize("name", ["routed_at", "answered_at", "ended_at"])
def test_a_start_that_is_ours_gives_way(tell, name):
    assert tell(start_time=None).status_code == 201
    behind = timezone.now() - timedelta(seconds=2)
    response = tell(start_time=None, **{name: behind.isoformat()})
    assert response.status_code == 200, response.content
    call = Call.objects.get()
    assert call.start_time == getattr(call, name) == behind


def test_a_start_that_is_reported_later_counts(tell):
    tell(start_time=None)
    began = timezone.now() - timedelta(minutes=3)
    tell(start_time=began.isoformat())
    call = Call.objects.get()
    assert (call.start_time, call.start_time_is_ours) == (began, False)
    early = (began - timedelta(seconds=2)).isoformat()
    assert wrong(tell(start_time=None, ended_at=early)) == {"#/ended_at": "This is before start time."}


@pytest.mark.parametrize(
    ("start", "answer", "end"),
    [
        ("12:00:00.700", None, "12:00:00"),
        ("12:00:00.700", "12:00:00", "12:00:01"),
        ("12:00:00", "12:00:05.900", "12:00:05"),
    ],
)
def test_whole_seconds_are_compared_as_whole_seconds(tell, start, answer, end):
    times = {"start_time": start, "answered_at": answer, "ended_at": end}
    reported = {name: f"2026-03-02T{time}+00:00" for name, time in times.items() if time}
    for name in reported:
        given = {"start_time": reported["start_time"], name: reported[name]}
        assert tell(**given).status_code in (200, 201)
    call = Call.objects.get()
    for name, time in reported.items():
        assert getattr(call, name) == datetime.fromisoformat(time), "it is kept as it was reported"
    assert happened(call.resource_id)[-1] == "post_call"


def test_whole_seconds_that_are_before_are_refused(tell):
    tell(start_time="2026-03-02T12:00:01.700+00:00")
    answer = tell(start_time="2026-03-02T12:00:01.700+00:00", ended_at="2026-03-02T12:00:00+00:00")
    assert wrong(answer) == {"#/ended_at": "This is before start time."}


def test_the_end_of_a_stale_call_gives_way_to_what_happened_after_it(tell, company):
    tell(start_time="2026-03-02T12:00:00+00:00")
    stale_calls.close_stale_call(Call.objects.get(), timezone.now())
    assert tell(start_time=None, answered_at="2026-03-02T12:00:09+00:00").status_code == 200
    call = Call.objects.get()
    assert call.ended_at == call.answered_at
    assert call.closed_as_stale_at, "it has still not been reported"
    assert tell(start_time=None, ended_at="2026-03-02T12:01:00+00:00").status_code == 200
    assert Call.objects.get().closed_as_stale_at is None
