"""The integration's filters decide once, when an event happens; what they refuse is a row that says why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from subscriptions.endpoints import operations
from subscriptions.events.conditions import in_words, refusal
from subscriptions.models import Delivery, Event
from tests.support.factories import (
    START,
    ended_call,
    make_call,
    make_company,
    make_subscription,
    make_text,
    make_tracker,
)
from tests.support.vendor_api import Vendor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
A = "http://127.0.0.1:8999/a"


@pytest.fixture
def company():
    return make_company(recording_expected=False, transcription_expected=False)


@pytest.fixture
def client(company):
    make_subscription(company, A)
    return Vendor(company)


def missed(company, tracker, **fields):
    return make_call(company, tracker, start_time=START, ended_at=START + timedelta(seconds=9), **fields)


def outcome(call):
    delivery = Delivery.objects.get(event__subject_id=call.resource_id, event__type="post_call")
    return delivery.state, delivery.reason


def test_a_filter_lives(client, company):
    tracker = make_tracker(company)
    given = {"tracker_ids": [tracker.resource_id], "call_type": "vm", "min_duration": 5, "max_duration": 60,
             "lead_status": "good_lead"}  # fmt: skip
    made = client.post(
        "integration_triggers.json", {"company_id": company.resource_id, "integration_id": company.pk, **given}
    )
    assert {name: made[name] for name in given} == given
    assert made["integration"] == {"id": company.pk, "type": "Webhooks"}
    path = f"integration_triggers/{made['id']}.json"
    (listed,) = client.get("integration_triggers.json", company_id=company.pk)["integration_criteria"]
    assert listed == made == client.get(path)
    changed = client.put(path, {"call_type": None, "min_duration": 10})
    assert (changed["call_type"], changed["min_duration"], changed["max_duration"]) == (None, 10, 60)
    client.post("integration_triggers.json", {"company_id": company.pk, "integration_id": company.pk}, code=400)
    default = client.post("integration_triggers.json", {"company_id": company.pk, "call_type": "first_call"})
    assert default["integration"] == {"id": None, "type": "All (Default Integration Trigger)"}
    assert len(client.get("integration_triggers.json", company_id=company.pk)["integration_criteria"]) == 2
    for wrong in ({"call_type": "x"}, {"min_duration": -1}, {"min_duration": 70}, {"tracker_ids": ["TRKx"]}):
        client.put(path, wrong, code=400)
    client.told("delete", path, None, 204)
    client.get(path, code=404)


def test_what_is_refused_says_why_and_can_be_sent(client, company):
    tracker = make_tracker(company)
    client.post("integration_triggers.json", {"company_id": company.pk, "min_duration": 30})
    short = ended_call(company, tracker)
    assert outcome(short) == ("cancelled", "Filtered out: Duration at least 30 was wanted; it was 13.")
    long = ended_call(company, tracker, ended_at=START + timedelta(seconds=100))
    assert outcome(long) == ("pending", "")
    event = Event.objects.get(subject_id=short.resource_id, type="post_call")
    assert event.fan_out == 1
    assert operations.resend(Delivery.objects.filter(event=event)) == 1
    assert outcome(short)[0] == "pending"


def test_what_a_call_that_rings_does_not_know_is_not_asked(client, company):
    client.post("integration_triggers.json", {"company_id": company.pk, "min_duration": 30, "call_type": "vm"})
    call = make_call(company, make_tracker(company))
    make_text(company, call.tracker)
    assert set(Delivery.objects.values_list("event__type", "state")) == {
        ("pre_call", "pending"), ("text_message_received", "pending")
    }  # fmt: skip


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("filter_", "sent"),
    [
        ({"call_type": "missed_and_vm"}, True),
        ({"call_type": "vm"}, False),
        ({"call_type": "first_call"}, True),
        ({"lead_status": "good_lead"}, False),
        ({"lead_status": "not_a_lead"}, True),
        ({"max_duration": 5}, False),
        ({"max_duration": 9, "min_duration": 9}, True),
        ({}, True),
    ],
)
def test_each_attribute(client, company, filter_, sent):
    tracker = make_tracker(company)
    client.post("integration_triggers.json", {"company_id": company.pk, "integration_id": company.pk, **filter_})
    call = missed(company, tracker, lead_status="not_a_lead")
    assert (outcome(call)[0] == "pending") == sent


def test_trackers(client, company):
    wanted, other = make_tracker(company), make_tracker(company)
    client.post("integration_triggers.json", {"company_id": company.pk, "tracker_ids": [wanted.resource_id]})
    assert outcome(missed(company, wanted))[0] == "pending"
    assert outcome(missed(company, other))[0] == "cancelled"


def test_the_integrations_own_filter_stands_above_the_default(client, company):
    client.post("integration_triggers.json", {"company_id": company.pk, "min_duration": 1000})
    client.post("integration_triggers.json", {"company_id": company.pk, "integration_id": company.pk})
    assert outcome(missed(company, make_tracker(company)))[0] == "pending"
    client.put(f"integrations/{company.pk}.json", {"config": {"pre_call_webhook": [A], "post_call_webhook": [A + "2"]}})
    assert company.subscriptions.get(url=A + "2").conditions == {"all": []}


def test_what_changes_in_the_same_transaction_counts(client, company):
    from django.db import transaction

    client.post("integration_triggers.json", {"company_id": company.pk, "lead_status": "good_lead"})
    with transaction.atomic():
        call = missed(company, make_tracker(company))
        call.lead_status = "good_lead"
        call.save()
    assert outcome(call) == ("pending", "")


def test_a_paused_subscription_holds_what_its_filter_lets_through(client, company):
    client.post("integration_triggers.json", {"company_id": company.pk, "min_duration": 5})
    operations.pause(company.subscriptions.get())
    assert outcome(missed(company, make_tracker(company)))[0] == "held"


FACTS = {"duration": 40, "tags": ["Roof", "Gutter"], "first_call": True, "outcome": "missed"}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"all": []}, ""),
        ({"field": "tags", "in": ["Roof"]}, ""),
        ({"field": "tags", "in": ["x"]}, "Tags x was wanted; it was Roof, Gutter."),
        ({"field": "duration", "min": 30, "max": 35}, "Duration at most 35 was wanted; it was 40."),
        ({"any": [{"field": "duration", "max": 5}, {"field": "first_call", "is": True}]}, ""),
        (
            {"any": [{"field": "duration", "max": 5}, {"field": "first_call", "is": False}]},
            "Duration at most 5 was wanted; it was 40. First call no was wanted; it was yes.",
        ),
        ({"not": {"field": "outcome", "in": ["missed"]}}, "Not wanted: Outcome missed."),
        ({"not": {"field": "outcome", "in": ["answered"]}}, ""),
        ({"field": "page", "in": ["x"]}, ""),
    ],
)
def test_conditions(condition, words):
    assert refusal(condition, FACTS) == words


@pytest.mark.parametrize("condition", [{}, {"field": "duration"}, {"some": []}, {"all": [{}]}])
def test_what_is_no_condition_is_an_error(condition):
    with pytest.raises(ValueError, match="no condition"):
        refusal(condition, FACTS)


def test_conditions_in_words():
    first = {"not": {"field": "first_call", "is": True}}
    condition = {"all": [{"field": "tracker", "in": ["a", "b", "c", "d"]}, first]}
    assert in_words(condition) == "Tracker a or b or c and 1 more and not (First call yes)"
