"""The wording of chat messages: what can be written, and what becomes of it."""

from __future__ import annotations

import pytest

from subscriptions.events.shapes.placeholders import read_time, values
from subscriptions.events.shapes.wording import LONGEST, check, fill, preset
from subscriptions.lib.chat import Fact, Link

KNOWN = ["caller_name", "caller_number", "source", "note"]
LINK = Link("Open", "https://calls.example.com/calls/CAL1/timeline")
CALL = {
    "answered": False, "formatted_call_type": "Missed Call", "customer_name": "Jane Doe", "customer_city": "Dallas",
    "customer_state": "TX", "customer_phone_number": "+12145550123",
    "formatted_customer_phone_number": "214-555-0123", "formatted_tracking_phone_number": "214-555-0100",
    "formatted_tracking_source": "Google Paid", "source": "google_paid", "campaign": "", "tags": ["Roof", "New"],
    "start_time": "2026-02-19T13:41:00.236-06:00", "formatted_duration": "13s", "note": "", "company_name": "Acme",
}  # fmt: skip


def told(body=CALL, event="post_call"):
    return values(body, event, event="Post-Call", company="Acme", link=LINK.url)


def test_a_missed_call_says_who_what_and_whom_to_call_back():
    message = fill(preset("post_call"), told(), LINK)
    assert message.title == "Missed Call: Jane Doe"
    assert message.facts == [
        Fact("Number", "214-555-0123"), Fact("Source", "Google Paid"), Fact("Place", "Dallas, TX"),
        Fact("Your number", "214-555-0100"), Fact("When", "19 Feb 2026, 13:41"), Fact("Duration", "13s"),
        Fact("Tags", "Roof, New"),
    ]  # fmt: skip
    assert message.links == [LINK]


def test_a_caller_without_a_name_is_told_by_the_number():
    assert fill("{{caller}}", told(CALL | {"customer_name": ""}), LINK).title == "214-555-0123"


def test_a_number_of_a_call_that_rings_is_written_as_that_of_one_that_is_over():
    ringing = {"customer_name": "Jane Doe", "customer_phone_number": "+12145550123"}
    assert told(ringing, "pre_call")["caller_number"] == "214-555-0123"
    for other in ("+442079460123", "+*********23"):
        assert told(ringing | {"customer_phone_number": other}, "pre_call")["caller_number"] == other


def test_what_changed_is_in_words_and_once():
    changed = CALL | {"changes": ["tag", "tags", "recording_duration"]}
    assert told(changed, "call_modified")["changes"] == "tags, recording duration"


def test_values_are_never_filled_again_nor_split_into_lines_or_rows():
    nasty = CALL | {"customer_name": "{{note}}\nSource: Radio", "note": "secret"}
    message = fill("Call\nfrom {{caller_name}}\nNote: {{note}}", told(nasty), LINK)
    assert message.lines == ["from {{note}}\nSource: Radio"]
    assert message.facts == [Fact("Note", "secret")]


def test_a_line_with_nothing_to_say_is_left_out():
    message = fill("Call\n\nNote: {{note}}\n{{note}} {{campaign}}\nJust words", told(), LINK)
    assert (message.lines, message.facts) == (["Just words"], [])


def test_a_forms_fields_are_rows():
    body = {"form_data": {"Your name": "Jane", "Message": "Two\nlines", "Empty": ""}, "source": "Radio"}
    message = fill(preset("form_submission"), told(body, "form_submission"), LINK)
    assert [fact for fact in message.facts if fact.label in ("Your name", "Message")] == [
        Fact("Your name", "Jane"), Fact("Message", "Two lines")
    ]  # fmt: skip
    assert not [fact for fact in message.facts if fact.label == "Empty"]


@pytest.mark.parametrize(
    ("event", "caller", "ours"),
    [("text_message_received", "770-555-0155", "404-555-0122"), ("text_message_sent", "404-555-0122", "770-555-0155")],
)
def test_whose_number_a_texts_is(event, caller, ours):
    body = {"source_number": "770-555-0155", "destination_number": "404-555-0122", "content": "Hi"}
    said = told(body, event)
    assert (said["caller_number"], said["tracking_number"]) == (caller, ours)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at least one line"),
        ("x" * (LONGEST + 1), "2,000 characters"),
        ("\n".join("x" * 40), "30 lines"),
        ("Hi\x00", "no control characters"),
        ("{{caller_nam}}", "no {{caller_nam}}. Did you mean {{caller_name}}"),
        ("{{caller name}}", "is no placeholder"),
        ("{{caller.__class__}}", "is no placeholder"),
        ("{% include 'x' %} {{", "is no placeholder"),
        ("hello }}", "is no placeholder"),
        ("{{Caller_name}}", "is no placeholder"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(text, words):
    with pytest.raises(ValueError, match=words.replace("{", r"\{").replace("}", r"\}")):
        check(text, KNOWN, KNOWN)


def test_code_of_other_languages_is_only_text():
    text = check("{% now %} ${x} <b> {{ caller_name }}", KNOWN, KNOWN)
    assert fill(text, told(), LINK).title == "{% now %} ${x} <b> Jane Doe"


def test_a_long_value_that_is_named_often_makes_no_long_message():
    """A transcript of megabytes in each of a hundred places, for each of a hundred subscriptions."""
    text = check("{{note}}" * 240 + "\n" + "{{form_fields}}\n" * 5, [*KNOWN, "note", "form_fields"], KNOWN)
    fields = "\n".join(f"field {number}: {'x' * 1_000}" for number in range(500))
    message = fill(text, {"note": "x" * 2_000_000, "form_fields": fields}, LINK)
    assert len(message.title) < 300_000
    assert len(message.facts) <= 500


def test_odd_times_stay_as_they_are():
    assert read_time("yesterday") == "yesterday"
