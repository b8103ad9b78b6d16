"""Contract 12: leads and their timelines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.support.contract_client import told
from tests.support.contract_shapes import LEAD, UTC, check
from tests.support.factories import ended_call, make_form, make_text, make_tracker

LEAD_KEYS = (
    "customer_name customer_phone_number total_interactions first_touch last_touch lead_creation lead_qualification "
    "tags convert_assist voice_assist transcript source medium campaign landing_page_url referrer_url click_id"
).split()
EVENT_KEYS = {
    "call": (
        "customer_name customer_phone_number direction duration answered recording start_time tracking_phone_number"
    ),
    "form_submission": "form_name form_url form_fields form_submission_url",
    "sms": "message_content message_phone_number message_type thread_id",
}


@pytest.fixture
def lead(company):
    """Somebody who called, wrote and filled in a form."""
    tracker = make_tracker(company)
    start = timezone.now() - timedelta(hours=5)
    call = ended_call(company, tracker, start_time=start, customer_name="Ann Example", source="google_paid")
    make_text(company, tracker, sent_at=start + timedelta(hours=1))
    make_form(
        company,
        form_data={"phone": "+12145550123", "email": "ann@example.com"},
        submitted_at=start + timedelta(hours=2),
    )
    return call.person.resource_id


def test_a_lead(client, lead):
    (listed,) = client.get("leads")["leads"]
    check(LEAD, listed)
    assert (listed["id"], listed["phone"]) == (lead, "+12145550123")


def test_fields_limit_leads(client, lead):
    (listed,) = client.get("leads", fields="phone,no_such")["leads"]
    assert set(listed) in ({"phone"}, {"id", "phone"})


@pytest.mark.parametrize("sort", ["created_at", "name", "email"])
def test_sorts(client, company, sort):
    for name in ("Zoe", "Ann"):
        make_form(company, form_data={"name": name, "email": f"{name.lower()}@example.com"})
    up = [row[sort] for row in client.get("leads", sort=sort, order="asc")["leads"]]
    assert up == sorted(up, key=str)
    assert [row[sort] for row in client.get("leads", sort=sort, order="desc")["leads"]] == up[::-1]


def test_a_timeline(client, lead):
    body = client.get(f"leads/{lead}/timeline")
    assert list(body) == ["page", "per_page", "total_pages", "total_records", "lead", "timeline"]
    assert set(body["lead"]) == set(LEAD_KEYS)
    assert body["lead"]["total_interactions"] == body["total_records"] == len(body["timeline"]) == 3
    assert set(body["lead"]["first_touch"]) >= {"touchpoint_type", "source", "medium", "created_at"}
    assert set(body["lead"]["lead_creation"]) >= {"touchpoint_type", "source", "medium", "lead_creation_time"}
    assert [event["type"] for event in body["timeline"]] == ["form_submission", "sms", "call"]
    for event in body["timeline"]:
        assert set(event) == {"type", "id", "event_date", *EVENT_KEYS[event["type"]].split()}
        assert UTC.fullmatch(event["event_date"])


def test_orders_of_a_timeline(client, lead):
    newest = [event["id"] for event in client.get(f"leads/{lead}/timeline")["timeline"]]
    for params in ({"sort": "event_date", "order": "asc"}, {"sort": "created_at"}):
        assert [event["id"] for event in client.get(f"leads/{lead}/timeline", **params)["timeline"]] == newest[::-1]


def test_pages_of_a_timeline(client, lead):
    answer = client.ask("GET", f"leads/{lead}/timeline", None, {"per_page": 2})
    assert (answer.body["total_pages"], len(answer.body["timeline"])) == (2, 2)
    rest = told(client.ask("GET", answer.next_link.partition("localhost")[2]), 200)
    assert len({event["id"] for event in answer.body["timeline"] + rest["timeline"]}) == 3
    assert client.get(f"leads/{lead}/timeline", page=9)["timeline"] == []


def test_fields_limit_events(client, lead):
    for event in client.get(f"leads/{lead}/timeline", fields="id,type,duration")["timeline"]:
        assert set(event) <= {"type", "id", "event_date", "duration"}
        assert ("duration" in event) is (event["type"] == "call")
