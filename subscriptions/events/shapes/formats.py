"""As what a shaped body is sent: the usual JSON, a message for a chat product, or a CloudEvent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...delivery import batching

# Name → label.
CHATS = {
    "slack": "Slack message",
    "teams": "Microsoft Teams message",
    "google_chat": "Google Chat message",
    "discord": "Discord message",
}
STRUCTURED, BINARY = "cloudevents", "cloudevents_binary"
CLOUD_EVENTS = {STRUCTURED: "CloudEvents 1.0, structured", BINARY: "CloudEvents 1.0, binary"}
FORMATS = CHATS | CLOUD_EVENTS


def batch_of(shape: Mapping[str, Any] | None, encoding: str) -> int:
    """How a body may go with others in one request (`delivery/batching.py`)."""
    if encoding_of(shape, encoding) != "json":
        return batching.ALONE
    kind = (shape or {}).get("format")
    if kind is None:
        return batching.JSON
    return batching.CLOUDEVENTS if kind == STRUCTURED else batching.ALONE


def why_alone(shape: Mapping[str, Any] | None, encoding: str, *, lines: bool) -> str:
    """Why bodies like these cannot go several in one request, and what to do; empty if they can."""
    kind = batch_of(shape, encoding)
    if kind == batching.CLOUDEVENTS and lines:
        return "CloudEvents go in a JSON list. Switch off JSON Lines, or choose another format."
    if kind != batching.ALONE:
        return ""
    chosen = (shape or {}).get("format")
    if chosen in CHATS:
        return "A chat product takes one message in a request. Choose another format, or one event in each request."
    if chosen == BINARY:
        return (
            "A binary CloudEvent has its attributes in the headers, so there is one in a request. Choose structured, "
            "or one event in each request."
        )
    return "Form fields hold one event. Choose JSON, or one event in each request."


def encoding_of(shape: Mapping[str, Any] | None, encoding: str) -> str:
    """How a body is written: one in a format is never form fields."""
    return "json" if shape is not None and "format" in shape else encoding
