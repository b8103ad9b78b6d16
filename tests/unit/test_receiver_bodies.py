"""The demo receiver knows the bodies of each payload version by its own code."""

from __future__ import annotations

import json

import pytest

from callhooks_site.devtools.receiver.bodies import LIVE, VERSIONS, body_fault, version_of

JSON = "application/json"


def text(**more) -> dict:
    body = dict.fromkeys(LIVE["text_message_received"], "x")
    at = "2026-03-08T01:59:59.236-05:00"
    return body | {"media_urls": [], "received_at": at, "timestamp": at} | more


def fault(body: dict, event: str = "text_message_received", version: str = "2026-05") -> str:
    return body_fault(version, event, json.dumps(body).encode(), JSON)


def test_the_version_is_in_the_path():
    assert version_of("/webhooks/2026-05?a=b") == "2026-05"
    assert version_of("/webhooks/article") == "article"
    assert version_of("/webhooks") == ""


def test_each_version_has_the_seven_events():
    assert {len(events) for events in VERSIONS.values()} == {7}


def test_a_good_body_has_no_fault_and_unknown_versions_none_either():
    assert fault(text()) == ""
    assert fault({}, version="") == ""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (text(id=1), "keys: none missing, id too many"),
        ({name: value for name, value in text().items() if name != "content"}, "keys: content missing, none too many"),
        (dict(reversed(text().items())), "the keys are in another order"),
        (text(received_at="2026-03-08T06:59:59Z"), "received_at is no time"),
    ],
)
def test_faults_are_said(body, words):
    assert words in fault(body)


def test_faults_of_a_call():
    at = "2026-03-08T01:59:59.236-05:00"
    call: dict[str, object] = dict.fromkeys(LIVE["call_modified"], "")
    call |= {"start_time": at, "timestamp": at, "created_at": at}
    call |= {"resource_id": "CAL1", "changes": ["tag", "tags"]}
    assert fault(call, "call_modified") == ""
    assert "null" in fault(call | {"note": None}, "call_modified")
    assert "empty list" in fault(call | {"waveforms": []}, "call_modified")
    assert "another version" in fault(call | {"changes": ["tags"]}, "call_modified")
    assert "no link" in fault(call | {"recording": "https://example.com/1.mp3"}, "call_modified")


def test_a_form_encoded_body_is_read():
    body = b"&".join(f"{name}={value}".encode() for name, value in text(received_at="2026-03-08T01:59:59.236-05:00",
                     timestamp="2026-03-08T01:59:59.236-05:00").items())  # fmt: skip
    assert body_fault("2026-05", "text_message_received", body, "application/x-www-form-urlencoded") == ""
