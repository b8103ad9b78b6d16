"""Which keys a shaped body has, and what is masked in it."""

from __future__ import annotations

import pytest

from subscriptions.events.shapes.fields import apply
from subscriptions.events.shapes.masks import mask, mask_name, mask_number

BODY = {
    "answered": True,
    "customer_name": "Jane Doe",
    "customer_number": "+12145550123",
    "formatted_customer_phone_number": "214-555-0123",
    "tracking_phone_number": "+12145550100",
    "transcription": "Hello, this is Jane.",
    "call_highlights": ["Leak"],
    "note": "",
}


@pytest.mark.parametrize(
    ("shape", "keys"),
    [
        ({}, list(BODY)),
        ({"only": ["note", "answered", "changes"]}, ["answered", "note"]),
        ({"leave_out": ["note", "transcription"]}, [key for key in BODY if key not in ("note", "transcription")]),
        ({"only": ["answered", "note"], "rename": {"answered": "picked_up"}}, ["picked_up", "note"]),
        ({"only": ["note", "answered"], "rename": {"note": "answered", "answered": "note"}}, ["note", "answered"]),
    ],
)
def test_keys_are_chosen_and_renamed_in_their_order(shape, keys):
    assert list(apply(BODY, shape, "post_call")) == keys


def test_a_new_name_stays_when_a_later_body_brings_a_key_of_that_name():
    body = apply({"a": 1, "b": 2, "fresh": 3}, {"rename": {"a": "fresh"}}, "post_call")
    assert body == {"fresh": 1, "b": 2}


def test_without_transcripts_is_as_a_call_that_has_none():
    body = apply(BODY, {"transcripts": False}, "post_call")
    assert list(body) == list(BODY)
    assert (body["transcription"], body["call_highlights"], body["customer_name"]) == ("", [], "Jane Doe")


def test_numbers_and_names_of_customers_are_masked_each_for_itself():
    numbers = mask(BODY, frozenset({"phone_numbers"}), "post_call")
    assert numbers["customer_number"] == "+*********23"
    assert numbers["formatted_customer_phone_number"] == "***-***-**23"
    assert numbers["tracking_phone_number"] == "+12145550100"
    assert numbers["customer_name"] == "Jane Doe"
    names = mask(BODY, frozenset({"names"}), "post_call")
    assert names["customer_name"] == "J*** D***"
    assert names["customer_number"] == "+12145550123"


@pytest.mark.parametrize(
    ("value", "kinds", "shown"),
    [
        ("Jane Doe", {"names"}, "J*** D***"),
        ("Jane Doe", {"phone_numbers"}, "Jane Doe"),
        ("214-555-0123", {"names"}, "214-555-0123"),
        ("214-555-0123", {"phone_numbers"}, "***-***-**23"),
    ],
)
def test_name_or_number_is_masked_as_what_it_is(value, kinds, shown):
    key = "formatted_customer_name_or_phone_number"
    assert mask({key: value}, frozenset(kinds), "post_call") == {key: shown}


def test_the_customers_number_of_a_text_depends_on_its_direction():
    text = {"source_number": "770-555-0155", "destination_number": "404-555-0122", "content": "Call 404-555-0122"}
    sent = mask(text, frozenset({"phone_numbers"}), "text_message_sent")
    assert (sent["source_number"], sent["destination_number"]) == ("770-555-0155", "***-***-**22")
    received = mask(text, frozenset({"phone_numbers"}), "text_message_received")
    assert (received["source_number"], received["destination_number"]) == ("***-***-**55", "404-555-0122")
    assert received["content"] == text["content"]


def test_fields_of_a_form_are_known_by_their_names_and_values():
    form = {"yourName": "Jane Doe", "first-name": "Jane", "username2": "jane", "tel": "(214) 555-0123 ext. 5",
            "zip": "75001", "message": "My number is 214-555-0123.", "email": "jane@example.com"}  # fmt: skip
    shown = mask({"form_data": form}, frozenset({"phone_numbers", "names"}), "form_submission")["form_data"]
    assert shown == form | {"yourName": "J*** D***", "first-name": "J***", "tel": "(***) ***-**** ext. 5"} | {
        "tel": mask_number(form["tel"])
    }
    assert shown["tel"] != form["tel"]


@pytest.mark.parametrize("text", ["", "12", "+", "Ωμέγα 5", "\u202e"])
def test_odd_texts_are_masked_too(text):
    assert len(mask_number(text)) == len(text)
    assert isinstance(mask_name(text), str)
