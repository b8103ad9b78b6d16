"""A call through its life, told to the API, and the events that this leaves."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from calls.models import Call, Tag
from subscriptions.models import Event
from tests.support.api import TALK, ago, happened, patch, program, ringing, rung, wrong
from tests.support.factories import make_company, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def number(company):
    return make_tracker(company, name="Website", source="organic").phone_number


@pytest.fixture
def api(company):
    return program(company, ["read", "ingest"])


def test_a_call_is_told_step_by_step(api, number):
    call = rung(api, number)
    assert happened(call) == ["pre_call"]
    patch(api, call, routed_at=ago(minutes=4), business_phone_number="214-555-0100")
    assert happened(call) == ["pre_call", "call_routing_complete"]
    patch(api, call, answered_at=ago(minutes=4))
    patch(api, call, ended_at=ago(minutes=1), duration=179)
    patch(api, call, recording_url="https://media.example.com/1.mp3", recording_duration=171)
    assert happened(call) == ["pre_call", "call_routing_complete"]
    shown = patch(api, call, transcription_text=TALK)
    assert happened(call) == ["pre_call", "call_routing_complete", "post_call"]
    assert shown["call_type"] == "answered"
    assert shown["duration"] == 179
    assert shown["business_phone_number"] == "+12145550100"


def test_tags_replace_and_are_found_again_whatever_their_case(api, number, company):
    Tag.objects.create(company=company, name="Roof repair")
    call = rung(api, number, tags=["ROOF REPAIR", "New", "new"])
    assert api.get(f"/api/v1/calls/{call}/").json()["tags"] == ["New", "Roof repair"]
    assert patch(api, call, tags=["Gutters"])["tags"] == ["Gutters"]
    assert patch(api, call, note="x")["tags"] == ["Gutters"]
    assert patch(api, call, tags=[])["tags"] == []
    assert Tag.objects.filter(company=company).count() == 3


def test_everything_that_is_sent_is_kept(api, number):
    sent = {
        "customer_name": "Ann Example", "customer_city": "Dallas", "customer_state": "TX", "customer_country": "US",
        "agent_email": "sam@example.com", "device_type": "mobile", "keypad_entries": ["1", "4"], "spam": True,
        "conversational_transcript": [{"speaker": "Agent", "phrase": "Hi", "start": 0.5}],
        "keywords_spotted": [{"keyword": "roof", "locations": [{"speaker": "caller", "start": 3.2}]}],
        "call_highlights": ["leak"], "speaker_percent": {"agent": 40, "customer": 60},
        "waveforms": ["https://media.example.com/1.png"], "milestones": {"first_touch": {"source": "google"}},
        "source": "google", "medium": "cpc", "campaign": "Spring", "keywords": "roof", "referrer": "google",
        "referrer_domain": "example.com", "referring_url": "https://example.com/a", "custom": "c",
        "landing_page_url": "https://example.com/b", "last_requested_url": "https://example.com/c",
        "utm_source": "s", "utm_medium": "m", "utm_campaign": "c", "utm_term": "t", "utm_content": "o",
        "utma": "a", "utmb": "b", "utmc": "c", "utmv": "v", "utmz": "z", "ga": "GA1", "gclid": "g", "fbclid": "f",
        "msclkid": "m", "kissmetrics_id": "k", "note": "  exact\n", "transcription_text": " exact too ",
        "external_source": "pbx", "external_id": "1", "voicemail": True, "abandoned": False,
    }  # fmt: skip
    call = rung(api, number, **sent)
    shown = api.get(f"/api/v1/calls/{call}/").json()
    assert {name: shown[name] for name in sent} == sent
    assert shown["person_resource_id"].startswith("PER")
    assert shown["tracker_resource_id"].startswith("TRK")


def test_a_whole_call_in_one_request_is_one_post_call(api, number):
    call = rung(
        api, number, direction="outbound", answered_at=ago(minutes=4), ended_at=ago(minutes=1), tags=["Call back"],
        recording_url="https://media.example.com/1.mp3", recording_duration=3, transcription_text=TALK,
    )  # fmt: skip
    assert happened(call) == ["post_call"]
    assert json.loads(bytes(Event.objects.get(subject_id=call).body))["tags"] == ["Call back"]


def test_absent_start_time_is_now_and_customer_may_be_withheld(api, number):
    response = api.post("/api/v1/calls/", {"direction": "inbound", "tracking_phone_number": number})
    assert response.status_code == 201
    assert response.json()["customer_phone_number"] == ""
    assert response.json()["person_resource_id"] is None


def test_absent_start_time_is_not_after_what_is_told(api, number):
    ended = ago(minutes=2)
    body = {"direction": "inbound", "tracking_phone_number": number, "ended_at": ended, "answered_at": ago(minutes=1)}
    assert wrong(api.post("/api/v1/calls/", body)).keys() == {"#/ended_at"}
    shown = api.post("/api/v1/calls/", body | {"answered_at": None}).json()
    assert shown["start_time"] == shown["ended_at"]


def test_the_person_follows_the_customers_number(api, number):
    call = rung(api, number, customer_phone_number="")
    shown = patch(api, call, customer_phone_number="(214) 555-0123")
    assert shown["customer_phone_number"] == "+12145550123"
    first = api.get("/api/v1/people/?phone=%2B12145550123").json()["results"][0]["resource_id"]
    assert api.get(f"/api/v1/calls/{call}/").json()["person_resource_id"] == shown["person_resource_id"] == first
    patch(api, call, customer_phone_number="+12145550124")
    assert api.get(f"/api/v1/calls/{call}/").json()["person_resource_id"] not in (None, first)
    patch(api, call, customer_phone_number="")
    assert api.get(f"/api/v1/calls/{call}/").json()["person_resource_id"] is None


def test_null_takes_back_what_may_be_absent(api, number):
    call = rung(api, number, value="12.00", duration=3, answered_at=ago(minutes=4))
    shown = patch(api, call, value=None, duration=None, answered_at=None)
    assert (shown["value"], shown["answered_at"], shown["duration"]) == (None, None, 0)
    assert Call.objects.get(resource_id=call).value is None


def test_value_is_exact(api, number):
    call = rung(api, number, value="9999999999.99")
    assert Call.objects.get(resource_id=call).value == Decimal("9999999999.99")
    assert wrong(api.patch(f"/api/v1/calls/{call}/", {"value": "0.001"})).keys() == {"#/value"}
    assert wrong(api.patch(f"/api/v1/calls/{call}/", {"value": 12.5})).keys() == {"#/value"}
    assert wrong(api.patch(f"/api/v1/calls/{call}/", {"value": "-1"})).keys() == {"#/value"}


def test_what_makes_no_sense_is_refused_and_nothing_of_it_kept(api, number):
    call = rung(api, number)
    address = f"/api/v1/calls/{call}/"
    assert wrong(api.patch(address, {"note": "x", "tags": ["t"], "ended_at": ago(minutes=60)})).keys() == {"#/ended_at"}
    assert wrong(api.patch(address, {"direction": "outbound"})).keys() == {"#/direction"}
    assert wrong(api.patch(address, {"recording_url": "https://example.com/1"})).keys() == {"#/recording_duration"}
    assert wrong(api.patch(address, {"recording_duration": 4})).keys() == {"#/recording_url"}
    assert wrong(api.patch(address, {"external_id": "4"})).keys() == {"#/external_source"}
    assert wrong(api.patch(address, {"tracking_phone_number": "+12145559999"})).keys() == {"#/tracking_phone_number"}
    shown = api.get(address).json()
    assert (shown["note"], shown["tags"], shown["ended_at"], shown["external_id"]) == ("", [], None, "")
    assert not Tag.objects.exists()
    assert happened(call) == ["pre_call"]


def test_a_number_that_is_not_the_companys_is_named(api):
    errors = wrong(api.post("/api/v1/calls/", ringing("+12145550199")))
    assert "+12145550199 is not one of this company's tracking numbers" in errors["#/tracking_phone_number"]
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-01-31T09:00:00", "offset"), ("yesterday", "such as"), ("1969-12-31T23:59:59Z", "1970"),
        ("9999-12-31T23:59:59-23:59", "future"), (1767225600, "such as"), ("", "such as"),
        pytest.param(ago(days=-2), "future", id="in two days"),
        ("2026-01-31", "such as"), (["2026-01-31T09:00:00Z"], "such as"), (True, "such as"),
    ],
)  # fmt: skip
def test_times_are_real_times(api, number, time, words):
    for name in ("start_time", "ended_at"):
        assert words in wrong(api.post("/api/v1/calls/", ringing(number) | {name: time}))[f"#/{name}"]


def test_a_clock_that_runs_a_little_ahead_is_no_error(api, number):
    call = rung(api, number)
    assert patch(api, call, ended_at=ago(minutes=-4))["ended_at"]
