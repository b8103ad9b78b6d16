"""A report as a CSV file: a line for each day, source, tracking number, campaign and hour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .figures import Figures
from .heat import DAYS
from .report import Report

COLUMNS = ("By", "Which", "Calls", "Answered", "Missed", "Voicemail", "Abandoned", "First-time callers", "Calls made",
           "Texts received", "Texts sent", "Forms", "Good leads", "Value", "Calls in the period before")  # fmt: skip


def rows_of(report: Report) -> Iterator[tuple[Any, ...]]:
    yield _row("Whole period", report.period.in_words(), report.total, report.before.calls)
    for day in sorted(report.days):
        yield _row("Day", day.isoformat(), report.days[day])
    for line in report.sources:
        yield _row("Source", line.name, line.figures, line.before)
    for line in report.numbers:
        yield _row("Tracking number", f"{line.name} {line.detail}".strip(), line.figures, line.before)
    for one in report.campaigns or ():
        yield ("Campaign", one.name, one.calls, one.answered, *[""] * 7, one.forms, one.good_leads, "", "")
    for name, calls, answered in zip(DAYS, report.hours.calls, report.hours.answered, strict=True):
        for hour in range(24):
            if calls[hour]:
                yield ("Hour", f"{name} {hour:02}:00", calls[hour], answered[hour], *[""] * 11)


def _row(by: str, which: str, of: Figures, before: int | str = "") -> tuple[Any, ...]:
    return (by, which, of.calls, of.answered, of.missed, of.voicemail, of.abandoned, of.first_time, of.outbound,
            of.texts, of.texts_sent, of.forms, of.good_leads, of.value, before)  # fmt: skip
