"""The rows of a list by the day on which they happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils import timezone

from .rows import Row


@dataclass
class Day:
    title: str
    count: str
    rows: list[Row] = field(default_factory=list)


def group_by_day(rows: Sequence[Row], counts: Mapping[date, int]) -> Iterator[Day]:
    """`counts`: of all rows of a day, where that is known."""
    day: Day | None = None
    shown: date | None = None
    for row in rows:
        here = timezone.localtime(row.at).date()
        if day is None or here != shown:
            if day is not None:
                yield day
            number = counts.get(here)
            day, shown = Day(day_in_words(here), f"{number:,}" if number else ""), here
        day.rows.append(row)
    if day is not None:
        yield day


def day_in_words(day: date) -> str:
    today = timezone.localtime().date()
    words = f"{day:%A} {day.day} {day:%B}"
    if day.year != today.year:
        words = f"{words} {day.year}"
    near = {today: "Today, ", today - timedelta(days=1): "Yesterday, "}
    return near.get(day, "") + words
