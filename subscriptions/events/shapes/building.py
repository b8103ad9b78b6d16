"""A shaped body: from the body of the payload version to the bytes that this subscription gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...lib import chat
from .. import catalogue
from . import cloudevents, fields, placeholders, wording
from .about import About
from .formats import BINARY, CHATS, STRUCTURED

Shape = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shaped:
    """`headers` replace and follow those of a delivery (`delivery/signing.py`)."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def build(shape: Shape, body: bytes, about: About) -> Shaped:
    """`body` is that of the subscription's payload version."""
    if (product := shape.get("format")) in CHATS:
        return Shaped(chat.BUILDERS[product](message(shape, body, about)))
    data = fields.apply(json.loads(body), shape, about.type)
    if product == STRUCTURED:
        return Shaped(to_bytes(cloudevents.envelope(data, about)), {"Content-Type": cloudevents.STRUCTURED_TYPE})
    return Shaped(to_bytes(data), cloudevents.headers(about) if product == BINARY else {})


def message(shape: Shape, body: bytes, about: About) -> chat.Message:
    """The message that a chat product gets. What the shape masks is masked in it, too."""
    shown = fields.protect(json.loads(body), shape, about.type)
    label = catalogue.label(about.type)
    values = placeholders.values(shown, about.type, event=label, company=about.company_name, link=about.link)
    text = shape.get("messages", {}).get(about.type) or wording.preset(about.type)
    return wording.fill(text, values, chat.Link("Open in Callhooks", about.link))


def to_bytes(value: Any) -> bytes:
    """Compact UTF-8 JSON, as all bodies are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
