"""The default version: the bodies that the event types declare themselves."""

from __future__ import annotations

from subscriptions.events.versions import DEFAULT, PayloadVersion


def name_changes(changes: list[str]) -> list[str]:
    """Without the summary: it is no watched field of this version."""
    return [name for name in changes if name != "call_summary"]


VERSION = PayloadVersion(
    DEFAULT,
    "Article",
    "As the vendor's help article describes them. Nothing of it changes any more.",
    name_changes=name_changes,
)
