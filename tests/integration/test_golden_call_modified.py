"""Call Modified, byte for byte: Post-Call with the new values, and `changes` at the end."""

import json
from decimal import Decimal

import pytest
from django.db import transaction

from calls.models import Call, Tag
from tests.support.events import events_of
from tests.support.factories import ended_call, make_company, make_tracker
from tests.support.golden import assert_body, assert_keys, body_of
from tests.support.post_call_bodies import KEYS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


def body_with(before: bytes, **new: object) -> str:
    """The body of post_call as text, with these values in the place of the old ones."""
    body = json.loads(before)
    assert body.keys() >= new.keys()
    return json.dumps(body | new, ensure_ascii=False, separators=(",", ":"))


def test_everything_changed_at_once():
    call = ended_call(make_company(), customer_name="Zoë")
    with transaction.atomic():
        call.note = "Grüße"
        call.value = Decimal("99.9")
        call.transcription_text = "Hello — again."
        call.recording_duration = 14
        call.lead_status = Call.LeadStatus.GOOD
        call.save()
        call.tags.add(Tag.objects.create(company=call.company, name="Dach"))
    expected = body_with(
        body_of(call, "post_call"),
        note="Grüße",
        value="99.90",
        formatted_value="$99.90",
        transcription="Hello — again.",
        recording_duration=14,
        lead_status="good_lead",
        score=1,
        tags=["Dach"],
        detail_tags=[{"name": "Dach", "level": "company", "color": "gray1"}],
        tag="Dach",
    )
    changes = '"changes":["tags","note","value","transcription_text","recording_duration","manual_score"]'
    assert_body(body_of(call, "call_modified"), f"{expected[:-1]},{changes}}}")


def test_the_smallest_change():
    company = make_company()
    call = ended_call(company, make_tracker(company), customer_phone_number="")
    call.note = "x"
    call.save()
    expected = body_with(body_of(call, "post_call"), note="x")
    assert_body(body_of(call, "call_modified"), f'{expected[:-1]},"changes":["note"]}}')


def test_what_is_not_watched_is_told_with_its_new_value_too():
    call = ended_call(make_company())
    call.note = "x"
    call.customer_name = "Kaylah Mills"
    call.save()
    body = json.loads(body_of(call, "call_modified"))
    assert body["customer_name"] == body["callername"] == "Kaylah Mills"
    assert body["changes"] == ["note"]


def test_exactly_the_keys_of_post_call_and_changes():
    call = ended_call(make_company())
    call.note = "x"
    call.save()
    assert_keys(body_of(call, "call_modified"), [*KEYS, "changes"])


def test_earlier_bodies_stay_as_they_were():
    call = ended_call(make_company())
    call.note = "one"
    call.save()
    before = [bytes(event.body) for event in events_of(call)]
    call.note = "two"
    call.customer_name = "Somebody Else"
    call.save()
    assert [bytes(event.body) for event in events_of(call)][: len(before)] == before
