"""Several events in one request: how they are written. Pure.

The usual body of an event does not say which event it is; the headers of its request do. In a request for many, each
event has its id and so on beside its body, which is there byte for byte. CloudEvents hold all of that themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

MOST_EVENTS = 100
LONGEST_WAIT = 60  # seconds: who waits longer wants a report
# Of all bodies of a request. nginx and many others refuse more than a megabyte. An event that is larger goes alone.
MOST_BYTES = 900_000
# What stands around a body, at most.
FRAME_BYTES = 160

# How an event may go with others: not at all, in a list, or in a list of CloudEvents.
ALONE, JSON, CLOUDEVENTS = 0, 1, 2
# In the place of the event's type in the header, which is followed by how many there are.
EVENT, COUNT_HEADER = "batch", "Callhooks-Batch"
_WEBHOOK_ID = re.compile("batch_([0-9a-f]{32})")


class Part(Protocol):
    @property
    def event_id(self) -> UUID: ...
    @property
    def event_type(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def attempt(self) -> int: ...
    @property
    def body(self) -> bytes: ...


def webhook_id(batch: UUID) -> str:
    return f"batch_{batch.hex}"


def read_webhook_id(text: str) -> UUID | None:
    """The batch that `webhook_id` wrote; None for any other text."""
    found = _WEBHOOK_ID.fullmatch(text)
    return UUID(found[1]) if found else None


def content_type(kind: int, *, lines: bool) -> str:
    if kind == CLOUDEVENTS:
        return "application/cloudevents-batch+json"
    return "application/x-ndjson" if lines else "application/json"


def own_headers(headers: Mapping[str, str], kind: int, *, lines: bool, events: int) -> dict[str, str]:
    """Those of a request for one event, without what each event has for itself."""
    kept = {name: value for name, value in headers.items() if name not in ("Callhooks-Sequence", "Callhooks-Attempt")}
    return kept | {
        "Content-Type": content_type(kind, lines=lines),
        "Callhooks-Event": EVENT,
        COUNT_HEADER: str(events),
    }


def write_body(parts: Sequence[Part], kind: int, *, lines: bool) -> bytes:
    """The body of the request."""
    if kind == CLOUDEVENTS:
        return b"[" + b",".join(part.body for part in parts) + b"]"
    items = [_item(part) for part in parts]
    return b"".join(item + b"\n" for item in items) if lines else b"[" + b",".join(items) + b"]"


def _item(part: Part) -> bytes:
    said = {
        "id": f"evt_{part.event_id.hex}",
        "type": part.event_type,
        "sequence": part.sequence,
        "attempt": part.attempt,
    }
    return json.dumps(said, separators=(",", ":")).encode()[:-1] + b',"data":' + part.body + b"}"
