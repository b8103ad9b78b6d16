"""The keys of a body: chosen, renamed, masked, and without what was said. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import masks

# What holds or tells what was said, as a call without a transcript has it.
SAID: Mapping[str, Any] = {
    "transcription": "",
    "conversational_transcript": "",
    "keywords_spotted": "",
    "call_highlights": [],
    "call_summary": "",
    "lead_explanation": "",
}


def apply(body: dict[str, Any], shape: Mapping[str, Any], event_type: str) -> dict[str, Any]:
    """The body as the shape asks for it, its keys in the order that they had."""
    body = protect(body, shape, event_type)
    if "only" in shape:
        wanted = frozenset(shape["only"])
        body = {key: value for key, value in body.items() if key in wanted}
    elif "leave_out" in shape:
        unwanted = frozenset(shape["leave_out"])
        body = {key: value for key, value in body.items() if key not in unwanted}
    names: Mapping[str, str] = shape.get("rename", {})
    if not names:
        return body
    # A key that a later version of the body may bring gives way to a new name that was there first.
    taken = {names[key] for key in body if key in names}
    return {names.get(key, key): value for key, value in body.items() if key in names or key not in taken}


def protect(body: dict[str, Any], shape: Mapping[str, Any], event_type: str) -> dict[str, Any]:
    """The body without what the shape keeps from the receiver, all its keys in place."""
    if shape.get("transcripts") is False:
        body = {key: SAID.get(key, value) for key, value in body.items()}
    if kinds := frozenset(shape.get("mask", ())):
        body = masks.mask(body, kinds, event_type)
    return body
