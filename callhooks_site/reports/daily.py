"""What came in on a day, for the daily summary of alerts."""

from __future__ import annotations

from datetime import date

from subscriptions.maintenance import daily_summary
from subscriptions.models import Company

from .models import DayTotal, Kind

_WORDS = {Kind.CALL: ("call", "calls"), Kind.TEXT: ("text", "texts"), Kind.FORM: ("form", "forms")}


def install() -> None:
    daily_summary.add_line(came_in)


def came_in(company: Company, day: date) -> str:
    """`42 calls (35 answered), 12 texts and 3 forms came in.`"""
    found = {total.kind: total for total in DayTotal.objects.filter(company=company, day=day)}
    parts = []
    for kind, words in _WORDS.items():
        number = found[kind].total if kind in found else 0
        if number:
            answered = f" ({found[kind].answered:,} answered)" if kind == Kind.CALL else ""
            parts.append(f"{number:,} {words[number != 1]}{answered}")
    if not parts:
        return ""
    *some, last = parts
    return f"{', '.join(some)} and {last} came in." if some else f"{last} came in."
