"""Contract 5.1 and 5.2: what a call looks like, and its fields that a client selects."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.models import Call, Tag
from tests.support.contract_shapes import CALL, CALL_SELECTABLE, CALL_SINGLE, MILESTONE, MILESTONES, check
from tests.support.factories import START, ended_call, make_call, make_tracker

EVERY = ",".join(CALL_SELECTABLE)


@pytest.fixture
def tracker(company):
    return make_tracker(company, phone_number="+14045550100", destination_number="+14045550101")


@pytest.fixture
def known(company, tracker):
    """An answered call of which everything is known."""
    call = ended_call(
        company, tracker, start_time=timezone.now() - timedelta(hours=3), customer_name="Ann Example",
        customer_city="Austin", customer_state="TX", customer_country="US", business_phone_number="+14045550101",
        agent_email="agent@example.com", note="Called about the roof.", value="12.50", lead_status="good_lead",
        source="google_paid", medium="CPC", campaign="Roofs", keywords="roof repair", device_type="mobile",
        landing_page_url="https://example.com/roof", utm_source="google", gclid="abc", zip_code="78701",
        keypad_entries=[{"name": "menu", "value": "1"}], call_highlights=["leaking roof"], sentiment="positive",
        speaker_percent={"agent": 40, "customer": 60}, waveforms=["https://example.com/1.png"],
        keywords_spotted=[{"keyword": "roof", "locations": [{"speaker": "Customer", "start": 1}]}],
        conversational_transcript=[{"speaker": "Customer", "phrase": "Hello.", "start": 0}],
    )  # fmt: skip
    call.tags.set([Tag.objects.create(company=company, name=name) for name in ("hot", "roof")])
    return call


@pytest.fixture
def unknown(company, tracker):
    """A withheld number, missed."""
    start = timezone.now() - timedelta(hours=2)
    return make_call(
        company, tracker, customer_phone_number="", start_time=start, ended_at=start + timedelta(seconds=9)
    )


def test_default_fields(client, known, unknown):
    body = client.get("calls")
    assert [call["id"] for call in body["calls"]] == [unknown.resource_id, known.resource_id]
    for call in body["calls"]:
        check(CALL, call, also=("agent_email",))
        assert client.get(f"calls/{call['id']}") == call


def test_values_of_a_known_call(client, known):
    call = client.get(f"calls/{known.resource_id}")
    assert (call["answered"], call["voicemail"], call["direction"]) == (True, False, "inbound")
    assert (call["duration"], call["recording_duration"]) == (13, "13")
    assert (call["customer_name"], call["customer_phone_number"]) == ("Ann Example", "+12145550123")
    assert (call["customer_city"], call["customer_state"], call["customer_country"]) == ("Austin", "TX", "US")
    assert (call["business_phone_number"], call["tracking_phone_number"]) == ("+14045550101", "+14045550100")
    assert call["recording"] == f"http://localhost/v3/a/{client.account}/calls/{known.resource_id}/recording.json"


def test_what_is_not_known_is_null(client, unknown):
    call = client.get(f"calls/{unknown.resource_id}", fields=EVERY)
    for name in (
        "customer_name", "customer_city", "customer_phone_number", "recording", "recording_duration",
        "recording_player", "agent_email", "campaign", "keywords", "medium", "note", "value", "lead_status",
        "landing_page_url", "gclid", "person_id", "transcription", "device_type",
    ):  # fmt: skip
        assert call[name] is None, name
    for name in ("tags", "call_highlights", "waveforms", "keywords_spotted", "zip_code"):
        assert call[name] == [], name
    assert call["formatted_customer_phone_number"] == "(Not Available)"


def test_a_call_that_is_under_way(client, company, tracker):
    call = make_call(company, tracker)
    found = client.get(f"calls/{call.resource_id}", fields="call_type")
    assert (found["duration"], found["answered"], found["call_type"]) == (None, False, "in_progress")


def test_selected_fields(client, known, unknown):
    for call in client.get("calls", fields=EVERY)["calls"]:
        check({**CALL, **CALL_SELECTABLE}, call)
        assert client.get(f"calls/{call['id']}", fields=EVERY) == call


def test_one_field_is_added_to_the_default_ones(client, known):
    for name in CALL_SELECTABLE:
        call = client.get("calls", fields=f"{name},utma,id")["calls"][0]
        check({**CALL, name: CALL_SELECTABLE[name]}, call, also=("agent_email",))


def test_fields_of_a_single_call_only(client, known):
    call = client.get(f"calls/{known.resource_id}", fields=",".join(CALL_SINGLE))
    check({**CALL, **CALL_SINGLE}, call, also=("agent_email",))
    assert call["conversational_transcript"] == [{"speaker": "Customer", "phrase": "Hello.", "start": 0}]


def test_values_of_selected_fields(client, company, known):
    call = client.get(f"calls/{known.resource_id}", fields=EVERY)
    expected = {
        "agent_email": "agent@example.com", "call_highlights": ["leaking roof"], "call_type": "answered",
        "campaign": "Roofs", "company_id": client.company, "company_name": "Acme Dental",
        "company_time_zone": "America/Chicago", "device_type": "mobile", "first_call": True, "gclid": "abc",
        "formatted_customer_phone_number": "214-555-0123", "formatted_tracking_phone_number": "404-555-0100",
        "formatted_business_phone_number": "404-555-0101", "keywords": "roof repair", "medium": "CPC",
        "landing_page_url": "https://example.com/roof", "lead_status": "good_lead", "note": "Called about the roof.",
        "person_id": known.person.resource_id, "prior_calls": 0, "total_calls": 1, "tags": ["hot", "roof"],
        "tracker_id": known.tracker.resource_id, "transcription": "Hello.", "utm_source": "google", "value": 12.5,
        "source_name": "Google Ads", "zip_code": ["78701"], "sentiment": "positive",
        "formatted_customer_name_or_phone_number": "Ann Example", "speaker_percent": {"agent": 40, "customer": 60},
        "keywords_spotted": [{"keyword": "roof", "locations": [{"speaker": "Customer", "start": 1}]}],
    }  # fmt: skip
    assert {name: call[name] for name in expected} == expected
    assert call["formatted_value"].startswith("$12.5")


def test_milestones_have_all_their_keys(client, known):
    milestones = client.get(f"calls/{known.resource_id}", fields="milestones")["milestones"]
    assert sorted(milestones) == sorted(MILESTONES)
    for milestone in milestones.values():
        assert sorted(milestone) == sorted(MILESTONE)


@pytest.mark.parametrize(
    ("fields", "call_type"),
    [
        ({"answered": True}, "answered"),
        ({}, "missed"),
        ({"abandoned": True}, "abandoned"),
        ({"voicemail": True}, "voicemail"),
        ({"voicemail": True, "transcription_text": "Hi."}, "voicemail_transcription"),
        ({"direction": Call.Direction.OUTBOUND}, "outbound"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_call_types(client, company, tracker, fields, call_type):
    if fields.pop("answered", False):
        fields["answered_at"] = START
    call = make_call(company, tracker, start_time=START, ended_at=START + timedelta(seconds=20), **fields)
    assert client.get(f"calls/{call.resource_id}", fields="call_type")["call_type"] == call_type


def test_times_have_the_offset_of_the_zone(client, company, tracker):
    call = make_call(company, tracker, start_time=START)
    assert client.get(f"calls/{call.resource_id}")["start_time"] == "2026-03-02T12:41:00.236-06:00"
    listed = client.get("calls", date_range="all_time", time_zone="Asia/Kolkata")["calls"][0]
    assert listed["start_time"] == "2026-03-03T00:11:00.236+05:30"
    assert client.get("calls", date_range="all_time", time_zone="UTC")["calls"][0]["start_time"].endswith("236+00:00")


def test_spam_is_neither_listed_nor_found(client, known):
    Call.objects.filter(pk=known.pk).update(spam=True)
    assert client.get("calls")["calls"] == []
    assert client.get(f"calls/{known.resource_id}", 404)
