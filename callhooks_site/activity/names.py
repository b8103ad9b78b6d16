"""The name that somebody typed into a form."""

from __future__ import annotations

from typing import Any

from forms_intake.admin.submissions import NAMES

LONGEST_NAME = 80


def typed_name(data: Any) -> str:
    """Empty if no field is for it."""
    fields = data.items() if isinstance(data, dict) else ()
    return next((str(text) for field, text in fields if field.lower() in NAMES and text), "")[:LONGEST_NAME]
