"""The phone numbers of a row, read by the rules of its company's country."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from ..phones import DEFAULT_REGION, BadNumber, is_withheld, normalise


class Read(Protocol):
    def __call__(self, text: str, *, region: str) -> str: ...


def clean_numbers(
    row: Any, fields: Iterable[str], *, may_be_withheld: Iterable[str] = (), read: Read = normalise
) -> dict[str, str]:
    """Normalise these fields of the row. Returns the errors by field."""
    errors = {}
    for field in fields:
        text = getattr(row, field)
        if not text:
            continue
        if field in may_be_withheld and is_withheld(text):
            setattr(row, field, "")
            continue
        try:
            # The company need not be loaded for what has its country in it.
            region = DEFAULT_REGION if text.startswith("+") or not row.company_id else row.company.region
            setattr(row, field, read(text, region=region))
        except BadNumber as error:
            errors[field] = str(error)
    return errors
