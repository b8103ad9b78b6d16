"""call_modified: after post_call, one for each transaction that changed a watched field, with the names of all."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from calls.models import Call, Tag
from tests.support.events import bodies_of, changes_of, events_of, types_of
from tests.support.factories import START, ended_call, make_call, make_company

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

# The contract's names in the contract's order, each with a change that it stands for.
WATCHED: dict[str, dict[str, Any]] = {
    "note": {"note": "Call back"},
    "value": {"value": Decimal("12.5")},
    "transcription_text": {"transcription_text": "Hello again."},
    "recording_duration": {"recording_duration": 14},
    "auto_score": {"lead_status": "good_lead", "lead_status_by": "rule"},
    "manual_score": {"lead_status": "good_lead", "lead_status_by": "person"},
}
UNWATCHED = {
    "customer_name": "Somebody",
    "customer_city": "Rochester",
    "business_phone_number": "+12125550199",
    "agent_email": "agent@example.com",
    "keypad_entries": ["1"],
    "recording_url": "https://example.com/2.mp3",
    "waveforms": ["https://example.com/w.png"],
    "conversational_transcript": [{"speaker": "agent", "phrase": "Hi", "start": 0}],
    "speaker_percent": {"agent": 100},
    "keywords_spotted": [],
    "call_highlights": ["x"],
    "lead_status_by": "rule",
    "source": "bing",
    "gclid": "g",
    "milestones": {"first_touch": {"source": "Bing"}},
    "spam": True,
    "voicemail": True,
    "abandoned": True,
    "duration": 99,
    "custom": "x",
    "answered_at": None,
    "ended_at": None,
    "external_id": "x",
}


@pytest.fixture
def call():
    return ended_call(make_company())


def change(call, **fields):
    for name, value in fields.items():
        setattr(call, name, value)
    call.save()


def tag(call, name):
    return Tag.objects.create(company=call.company, name=name)


@pytest.mark.parametrize("name", WATCHED)
def test_each_watched_field_is_told_by_its_name(call, name):
    change(call, **WATCHED[name])
    assert types_of(call) == ["post_call", "call_modified"]
    assert changes_of(call) == [[name]]


@pytest.mark.parametrize("name", WATCHED)
def test_setting_it_back_is_a_change_too(call, name):
    fields = {field: getattr(call, field) for field in WATCHED[name] if field != "lead_status_by"}
    change(call, **WATCHED[name])
    change(call, **fields)
    assert changes_of(call) == [[name], [name]]


@pytest.mark.parametrize("name", WATCHED)
def test_saving_it_unchanged_is_none(call, name):
    change(call, **WATCHED[name])
    for _ in range(2):
        change(call, **WATCHED[name])
        Call.objects.get(pk=call.pk).save()
        call.save(update_fields=list(WATCHED[name]))
    assert changes_of(call) == [[name]]


def test_another_spelling_of_the_same_value_is_none(call):
    change(call, value=Decimal("12.50"))
    change(call, value=Decimal("12.5"))
    change(call, value="12.500")
    change(call, value=12.5)
    assert changes_of(call) == [["value"]]


def test_none_and_zero_differ(call):
    change(call, value=0, recording_duration=0)
    assert changes_of(call) == [["value", "recording_duration"]]
    change(call, value=None, recording_duration=None)
    assert len(changes_of(call)) == 2


@pytest.mark.parametrize("name", UNWATCHED)
def test_nothing_else_triggers_one(call, name):
    change(call, **{name: UNWATCHED[name]})
    assert types_of(call) == ["post_call"]


@pytest.mark.parametrize("score", ["auto_score", "manual_score"])
def test_names_come_in_the_contracts_order(call, score):
    with transaction.atomic():
        for name in (score, "recording_duration", "transcription_text", "value", "note"):
            change(call, **WATCHED[name])
        call.tags.add(tag(call, "New"))
    assert changes_of(call) == [["tags", "note", "value", "transcription_text", "recording_duration", score]]


@pytest.mark.parametrize(("by", "name"), [("rule", "auto_score"), ("person", "manual_score")])
@pytest.mark.parametrize("before", ["rule", "person"])
def test_a_score_is_named_for_who_set_it_now(call, before, by, name):
    change(call, lead_status="good_lead", lead_status_by=before)
    change(call, lead_status="not_a_lead", lead_status_by=by)
    change(call, lead_status="", lead_status_by=by)
    assert changes_of(call)[1:] == [[name], [name]]


def test_an_outbound_call_is_modified_like_any_other():
    call = ended_call(make_company(), direction="outbound")
    change(call, note="x")
    assert types_of(call) == ["post_call", "call_modified"]


def test_before_post_call_a_change_is_no_call_modified():
    call = make_call(make_company(), start_time=START)
    for name in WATCHED:
        change(call, **WATCHED[name])
    call.tags.add(tag(call, "New"))
    change(call, answered_at=START)
    assert types_of(call) == ["pre_call", "call_routing_complete"]
    change(call, ended_at=START, recording_url="https://example.com/1.mp3")
    assert types_of(call) == ["pre_call", "call_routing_complete", "post_call"]
    (body,) = bodies_of(call, "post_call")
    assert (body["tags"], body["note"], body["value"]) == (["New"], "Call back", "12.50")


def test_each_transaction_is_one(call):
    change(call, note="a")
    change(call, note="b")
    change(call, value=3)
    assert changes_of(call) == [["note"], ["note"], ["value"]]
    assert [event.sequence for event in events_of(call)] == [1, 2, 3, 4]
    assert [body["note"] for body in bodies_of(call, "call_modified")] == ["a", "b", "b"]


# --- tags -------------------------------------------------------------------------------------------------------
def test_tags_from_the_calls_side(call):
    new, old = tag(call, "New"), tag(call, "Old")
    call.tags.add(new)
    call.tags.add(old)
    call.tags.remove(new)
    call.tags.set([new])
    call.tags.clear()
    assert changes_of(call) == [["tags"]] * 5
    assert [body["tags"] for body in bodies_of(call, "call_modified")] == [
        ["New"],
        ["New", "Old"],
        ["Old"],
        ["New"],
        [],
    ]


def test_tags_from_the_tags_side(call):
    new = tag(call, "New")
    new.calls.add(call)
    new.calls.remove(call)
    new.calls.set([call])
    new.calls.clear()
    assert changes_of(call) == [["tags"]] * 4
    assert [body["tags"] for body in bodies_of(call, "call_modified")] == [["New"], [], ["New"], []]


def test_tags_without_a_change_are_none(call):
    new = tag(call, "New")
    call.tags.add(new)
    call.tags.add(new)
    call.tags.set([new])
    call.tags.remove(tag(call, "Other"))
    new.calls.add(call)
    new.calls.set([call])
    tag(call, "Unused").calls.clear()
    assert changes_of(call) == [["tags"]]


def test_clearing_no_tags_is_none(call):
    call.tags.clear()
    call.tags.set([])
    assert changes_of(call) == []


def test_one_tag_given_to_many_calls_tells_each(call):
    other = ended_call(call.company, call.tracker)
    tag(call, "New").calls.add(call, other)
    assert changes_of(call) == changes_of(other) == [["tags"]]


@pytest.mark.parametrize("how", ["delete", "queryset", "clear"])
def test_a_tag_that_goes_is_a_change_of_its_calls(call, how):
    other = ended_call(call.company, call.tracker)
    new = tag(call, "New")
    kept = tag(call, "Kept")
    call.tags.add(new, kept)
    {"delete": new.delete, "queryset": Tag.objects.filter(name="New").delete, "clear": new.calls.clear}[how]()
    assert changes_of(call) == [["tags"], ["tags"]]
    assert bodies_of(call, "call_modified")[-1]["tags"] == ["Kept"]
    assert changes_of(other) == []


def test_replacing_one_tag_by_another_is_one(call):
    new, old = tag(call, "New"), tag(call, "Old")
    call.tags.add(old)
    with transaction.atomic():
        call.tags.remove(old)
        call.tags.add(new)
    assert changes_of(call) == [["tags"], ["tags"]]
