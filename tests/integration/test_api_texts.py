"""Texts told to the API: kept exactly, one event each."""

from __future__ import annotations

import json

import pytest

from messaging.models import TextMessage
from subscriptions.models import Event
from tests.support.api import CUSTOMER, ago, happened, program, wrong
from tests.support.factories import make_company, make_text, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def api(company):
    return program(company, ["read", "ingest"])


@pytest.fixture
def text(company):
    number = make_tracker(company).phone_number
    return {"direction": "inbound", "tracking_phone_number": number, "customer_phone_number": CUSTOMER, "content": "Hi"}


@pytest.mark.parametrize(
    ("direction", "event"), [("inbound", "text_message_received"), ("outbound", "text_message_sent")]
)
def test_a_text_is_one_event(api, text, direction, event):
    response = api.post("/api/v1/texts/", text | {"direction": direction, "sent_at": ago(minutes=1)})
    assert response.status_code == 201
    shown = response.json()
    assert response["Location"] == f"/api/v1/texts/{shown['resource_id']}/"
    assert happened(shown["resource_id"]) == [event]
    assert api.get(response["Location"]).json() == shown
    assert shown["message_type"] == "sms"
    assert len(shown["conversation_id"]) == 5


@pytest.mark.parametrize(
    "content", ["Great!\n\n  Thank you  \n", "👩‍👩‍👧 🇺🇸", " ", "\t", "\u202e", "a\r\nb", "<b>&amp;"]
)
def test_the_content_is_exact(api, text, content):
    shown = api.post("/api/v1/texts/", text | {"content": content}).json()
    assert shown["content"] == content
    body = json.loads(bytes(Event.objects.get(subject_id=shown["resource_id"]).body))
    assert body["content"] == content


def test_a_picture_needs_no_words(api, text):
    media = ["https://media.example.com/roof.jpg", "http://media.example.com/2.jpg"]
    shown = api.post("/api/v1/texts/", text | {"content": "", "media_urls": media}).json()
    assert (shown["message_type"], shown["media_urls"], shown["content"]) == ("mms", media, "")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"content": ""}, "#/content"),
        ({"content": 5}, "#/content"),
        ({"content": "x" * 20_001}, "#/content"),
        ({"media_urls": ["https://example.com/1", "ftp://example.com/2"]}, "#/media_urls/1"),
        ({"media_urls": ["javascript:alert(1)"]}, "#/media_urls/0"),
        ({"media_urls": "https://example.com/1"}, "#/media_urls"),
        ({"media_urls": ["https://example.com/1"] * 51}, "#/media_urls"),
        ({"customer_phone_number": ""}, "#/customer_phone_number"),
        ({"customer_phone_number": "Ann"}, "#/customer_phone_number"),
        ({"customer_phone_number": "1" * 5_000}, "#/customer_phone_number"),
        ({"direction": "sideways"}, "#/direction"),
        ({"direction": None}, "#/direction"),
        ({"sent_at": ago(hours=-24)}, "#/sent_at"),  # counted from when the tests were collected
    ],
)
def test_what_is_no_text_is_refused(api, text, fields, place):
    assert wrong(api.post("/api/v1/texts/", text | fields)).keys() == {place}
    assert not TextMessage.objects.exists()


def test_what_a_text_must_say(api):
    assert wrong(api.post("/api/v1/texts/", {})).keys() == {
        "#/direction", "#/tracking_phone_number", "#/customer_phone_number"
    }  # fmt: skip


def test_texts_are_not_changed(api, company):
    address = f"/api/v1/texts/{make_text(company).resource_id}/"
    assert [getattr(api, verb)(address, {}).status_code for verb in ("patch", "put", "delete")] == [405] * 3


def test_texts_are_found_by_their_fields(api, company):
    ours = make_text(company, customer_phone_number="+12145550124", direction="outbound", external_id="7")
    make_text(company)
    for query in ("direction=outbound", "customer_phone_number=%2B12145550124", "customer_phone_number=214-555-0124",
                  "external_id=7", f"tracking_phone_number={ours.tracker.phone_number}"):  # fmt: skip
        found = api.get(f"/api/v1/texts/?{query}").json()["results"]
        assert [each["resource_id"] for each in found] == [ours.resource_id], query
