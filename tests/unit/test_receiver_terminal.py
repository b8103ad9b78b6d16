"""What a person sees: one safe line for each webhook."""

import json
import re

import pytest

from callhooks_site.devtools.receiver.terminal import safe
from tests.support.demo_receiver import OLD_SECRET, running_receiver, signed, write_keys

CALL = {
    "call_type": "answered",
    "formatted_call_type": "Answered Call",
    "customer_name": "Ana Abbott",
    "customer_phone_number": "+12145550123",
    "tracking_phone_number": "+14045550100",
    "source_name": "Google Ads",
    "business_phone_number": "+12145550100",
    "formatted_duration": "2m 59s",
    "recording": "https://media.example.com/1.mp3",
    "transcription": "",
}


def line_for(folder, body, *, tty=False, headers=None, times=1, **how) -> str:
    """The last line shown, without its time and its padding."""
    write_keys(folder)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with running_receiver(folder, tty=tty) as receiver:
        for _ in range(times):
            receiver.post(raw, signed(raw, **how) | (headers or {}))
        lines = receiver.terminal.lines()
    assert len(lines) == times, lines
    time, _, rest = lines[-1].partition("  ")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", time)
    return re.sub(" {2,}", "  ", rest)


@pytest.mark.parametrize(
    ("event", "more", "summary"),
    [
        ("pre_call", {}, "Ana Abbott +12145550123 calls Google Ads"),
        ("call_routing_complete", {}, "Ana Abbott +12145550123 → +12145550100 · Answered Call"),
        ("post_call", {}, "Ana Abbott +12145550123 · Answered Call · 2m 59s · recording"),
        (
            "call_modified",
            {"changes": ["tags", "note"]},
            "Ana Abbott +12145550123 · Answered Call · 2m 59s · changed: tags, note",
        ),
    ],
)
def test_a_call_in_a_line(tmp_path, event, more, summary):
    assert line_for(tmp_path, CALL | more, event=event) == f"{event}  good  {summary}"


def test_a_text_in_a_line(tmp_path):
    text = {
        "source_number": "214-555-0123",
        "destination_number": "404-555-0100",
        "content": "Hi\nthere 👩‍👩‍👧",
    }
    line = line_for(tmp_path, text | {"media_urls": ["a", "b"]}, event="text_message_received")
    assert line == "text_message_received  good  214-555-0123 → 404-555-0100 · “Hi\\nthere 👩‍👩‍👧” · 2 media"


def test_a_form_in_a_line(tmp_path):
    form = {"form_data": {"name": "Ana", "email": "ana@example.com"}, "first_form": True}
    line = line_for(tmp_path, form, event="form_submission")
    assert line == "form_submission  good  name: Ana, email: ana@example.com · first form"


def test_a_bad_one_says_which_signature_is_bad(tmp_path):
    line = line_for(tmp_path, CALL, event="pre_call", secrets=(OLD_SECRET,))
    assert line.startswith("pre_call  BAD (webhook-signature does not match)  Ana Abbott")


def test_both_bad_are_both_named(tmp_path):
    line = line_for(tmp_path, CALL, headers={"Signature": "x", "webhook-signature": "x"})
    assert "BAD (Signature does not match; webhook-signature does not match)" in line


def test_a_later_attempt_is_numbered(tmp_path):
    assert "  good  attempt 3 · Ana Abbott" in line_for(tmp_path, CALL, attempt=3)


def test_a_repeat_is_named(tmp_path):
    assert "  good  repeat · Ana Abbott" in line_for(tmp_path, CALL, times=2)
    assert "  good  attempt 2 · repeat · Ana Abbott" in line_for(tmp_path, CALL, times=2, attempt=2)


def test_what_was_refused_before_is_no_repeat(tmp_path):
    write_keys(tmp_path)
    with running_receiver(tmp_path) as receiver:
        receiver.post(b"{}", signed(b"{}") | {"Signature": "x"})
        receiver.post(b"{}", signed(b"{}", attempt=2))
        assert "repeat" not in receiver.terminal.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"5",
        b"{",
        b'"text"',
        b'{"a":1}',
        b"[" * 100_000,
        b"1" * 10_000,
        b'{"call_type":5,"changes":7,"customer_name":{"a":[]}}',
        b'{"content":null,"media_urls":9}',
        b'{"form_data":[1]}',
    ],
)
def test_any_body_gets_its_line(tmp_path, body):
    assert "  good  " in line_for(tmp_path, body)


def test_nothing_in_the_data_reaches_the_terminal_raw(tmp_path):
    evil = "\x1b[2J\x9b\r\n\x07\u202e\u2066\u200b"
    call = CALL | {"customer_name": evil, "changes": [evil]}
    headers = {"Callhooks-Event": "e\x1b[31m", "Callhooks-Attempt": "2\x1b"}
    line = line_for(tmp_path, call, headers=headers)
    assert all(char.isprintable() for char in line)
    assert "\\x1b[2J\\x9b\\r\\n\\x07\\u202e" in line
    assert line.startswith("e\\x1b[31m")


def test_a_long_value_is_cut(tmp_path):
    assert len(line_for(tmp_path, CALL | {"customer_name": "x" * 100_000})) < 300


def test_a_lone_surrogate_is_written_out():
    assert safe("a\ud800b") == "a\\ud800b"


@pytest.mark.parametrize(("tty", "no_colour", "coloured"), [(True, "", True), (True, "1", False), (False, "", False)])
def test_colour_only_on_a_terminal_that_wants_it(tmp_path, monkeypatch, tty, no_colour, coloured):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_colour)
    assert ("\x1b[32mgood\x1b[0m" in line_for(tmp_path, CALL, tty=tty)) is coloured
