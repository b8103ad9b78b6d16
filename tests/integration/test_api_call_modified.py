"""What a request changes after post_call: one event for each request that changes something, whatever it changes."""

from __future__ import annotations

import json

import pytest

from subscriptions.models import Event
from tests.support.api import answered, happened, patch, program
from tests.support.factories import make_company, make_tracker

# Each request is a transaction of its own, as outside.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def number(company):
    return make_tracker(company).phone_number


@pytest.fixture
def api(company):
    return program(company, ["read", "ingest"])


def test_all_of_one_request_is_one_call_modified(api, number):
    call = answered(api, number)
    shown = patch(api, call, tags=["Roof", "New"], note="Call back", value="125.5", lead_status="good_lead")
    assert (shown["tags"], shown["value"], shown["lead_status_by"]) == (["New", "Roof"], "125.50", "rule")
    *before, last = happened(call)
    assert "call_modified" not in before
    event = Event.objects.get(subject_id=call, type=last)
    assert json.loads(bytes(event.body))["changes"] == ["tags", "note", "value", "auto_score"]


def test_a_change_that_changes_nothing_leaves_no_event(api, number):
    call = answered(api, number)
    before = patch(api, call, tags=["Roof"], note="x")["updated_at"]
    events = happened(call)
    assert patch(api, call, tags=["roof"], note="x", recording_duration=171)["updated_at"] == before
    assert happened(call) == events


def test_who_scored_a_lead_is_told(api, number):
    call = answered(api, number)
    assert patch(api, call, lead_status="not_a_lead", lead_status_by="person")["lead_status_by"] == "person"
    event = Event.objects.filter(subject_id=call).latest("sequence")
    assert json.loads(bytes(event.body))["changes"] == ["manual_score"]
    assert patch(api, call, note="n")["lead_status_by"] == "person"
    assert patch(api, call, lead_status="")["lead_status_by"] == "rule"
