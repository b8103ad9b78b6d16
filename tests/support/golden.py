"""Bodies of webhooks, compared byte for byte with JSON written out in a test."""

from __future__ import annotations

import json
from collections.abc import Sequence

from subscriptions.models import Event, EventBody, EventSubject


def body_of(subject: EventSubject, event_type: str, version: str = "article") -> bytes:
    """The stored body of the subject's one event of this type."""
    event = Event.objects.get(subject_id=subject.resource_id, type=event_type)
    return bytes(event.body if version == "article" else EventBody.objects.get(event=event, version=version).body)


def literal(text: str, /, **ids: object) -> str:
    """The lines of `text` joined without their line ends; `<name>` stands for an id."""
    joined = text.replace("\n", "")
    for name, value in ids.items():
        assert f"<{name}>" in joined, f"the literal names no <{name}>"
        joined = joined.replace(f"<{name}>", str(value))
    return joined


def assert_body(body: bytes, text: str, /, **ids: object) -> None:
    """The body is this text, in UTF-8. A failure shows the keys that differ, one a line."""
    expected = literal(text, **ids)
    assert _lines(body.decode()) == _lines(expected)
    assert body == expected.encode()


def assert_keys(body: bytes, keys: Sequence[str]) -> None:
    """The body's keys, in this order, each once."""
    pairs = json.loads(body, object_pairs_hook=list)
    assert [name for name, _ in pairs] == list(keys)


def _lines(body: str) -> list[str]:
    return body.replace(',"', ',\n"').splitlines()
