"""Messages of a call that overtake each other: with `as_of`, of each field the youngest word counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.ingestion.single import create_or_update_call
from calls.models import Call
from subscriptions.models import Company
from tests.support.api import happened, program, ringing
from tests.support.factories import make_company, make_tracker

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
KEY = {"external_source": "pbx", "external_id": "1"}


@pytest.fixture
def company() -> Company:
    return make_company()


def at(seconds: int) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def test_an_older_word_that_comes_later_changes_nothing(company):
    api = program(company)
    body = ringing(make_tracker(company).phone_number, start_time=at(0), **KEY)
    path = f"/api/v1/calls/{api.post('/api/v1/calls/', {**body, 'as_of': at(0)}).json()['resource_id']}/"
    api.patch(path, {"note": "young", "tags": ["Young"], "as_of": at(20)})
    late = api.patch(path, {"note": "old", "tags": ["Old"], "customer_name": "Ann", "as_of": at(10)}).json()
    assert (late["note"], late["tags"]) == ("young", ["Young"])
    assert late["customer_name"] == "Ann", "nothing younger was said of that"
    assert "as_of" not in late


def test_who_does_not_say_when_is_believed(company):
    api = program(company)
    body = ringing(make_tracker(company).phone_number, start_time=at(0), **KEY)
    path = f"/api/v1/calls/{api.post('/api/v1/calls/', body).json()['resource_id']}/"
    api.patch(path, {"note": "told", "as_of": at(20)})
    assert api.patch(path, {"note": "by hand"}).json()["note"] == "by hand"
    assert api.patch(path, {"note": "late", "as_of": at(30)}).json()["note"] == "by hand", "as of now is younger"


def test_the_states_of_a_call_end_alike_in_every_order(company):
    messages: list[dict[str, Any]] = [
        {"start_time": at(0), "as_of": at(0)},
        {"routed_at": at(8), "business_phone_number": "+12145550100", "as_of": at(8)},
        {"answered_at": at(10), "as_of": at(10)},
        {"ended_at": at(70), "duration": 60, "as_of": at(70)},
    ]
    company.recording_expected = company.transcription_expected = False
    company.save()
    api = program(company)
    number = make_tracker(company).phone_number
    for turn, order in enumerate(permutations(messages)):
        key = {"external_source": "pbx", "external_id": str(turn)}
        for message in order:
            answer = api.post("/api/v1/calls/", {**ringing(number), "start_time": at(0), **key, **message})
            assert answer.status_code in (200, 201), answer.content
        call = answer.json()
        assert (call["call_type"], call["duration"]) == ("answered", 60)
        assert call["business_phone_number"] == "+12145550100"
        assert happened(call["resource_id"]).count("post_call") == 1


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.tuples(st.sampled_from(["note", "customer_name", "custom"]), st.text("abc", max_size=2), st.integers(0, 9)),
        min_size=1,
        max_size=8,
        unique_by=lambda word: (word[0], word[2]),
    ),
    data=st.data(),
)
def test_of_each_field_the_youngest_word_counts_in_whatever_order_they_come(company, words, data):
    number = Call.objects.count()
    tracker = company.trackers.first() or make_tracker(company)
    key = {"external_source": "pbx", "external_id": f"h{number}"}
    base = {"direction": "inbound", "tracking_phone_number": tracker.phone_number, "start_time": START, **key}
    for name, text, second in data.draw(st.permutations(words)):
        told = {**base, name: text, "as_of": START + timedelta(seconds=second)}
        call, _ = create_or_update_call(company=company, data=told)
    youngest = {name: text for name, text, _ in sorted(words, key=lambda word: word[2])}
    call.refresh_from_db()
    assert {name: getattr(call, name) for name in youngest} == youngest
