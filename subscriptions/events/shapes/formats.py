"""As what a shaped body is sent: the usual JSON, a message for a chat product, or a CloudEvent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def encoding_of(shape: Mapping[str, Any] | None, encoding: str) -> str:
    """How a body is written: one in a format is never form fields."""
    return "json" if shape is not None and "format" in shape else encoding
