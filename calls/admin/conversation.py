"""What was said in a call, and what programs made of it, on its page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from ..models import Call

NONE = "–"


class ConversationColumns:
    @admin.display(description="keys pressed")
    def keys_pressed(self, obj: Call) -> str:
        return _listed(obj.keypad_entries, "name", "value")

    @admin.display(description="lead status set by")
    def scored_by(self, obj: Call) -> str:
        return str(obj.get_lead_status_by_display()) if obj.lead_status else NONE

    @admin.display(description="highlights")
    def highlights(self, obj: Call) -> str:
        return _listed(obj.call_highlights)

    @admin.display(description="keywords")
    def keywords_found(self, obj: Call) -> str:
        return _listed(obj.keywords_spotted, "keyword")

    @admin.display(description="share of the talk")
    def shares(self, obj: Call) -> str:
        known: Any = obj.speaker_percent
        return ", ".join(f"{speaker} {share} %" for speaker, share in known.items()) if known else NONE


def _listed(items: Any, *keys: str) -> str:
    """The items, or these keys of theirs, with commas. Systems send lists of texts and lists of objects."""
    shown = []
    for item in items if isinstance(items, list) else [items] if items else []:
        parts = [str(item[key]) for key in keys if item.get(key)] if isinstance(item, dict) and keys else [str(item)]
        shown.append(": ".join(parts))
    return ", ".join(filter(None, shown)) or NONE
