"""Numbers and differences as a page writes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from subscriptions.replica.looks import LOOK_SECONDS

from .heat import DAYS

MINUS, THIN = "\u2212", "\u202f"
EVENING = 17  # from this hour on
MOST_PERCENT = 999  # more says nothing
ENOUGH_CALLS = 10  # to say what happens in the evening


@dataclass(frozen=True)
class Change:
    """`tone`: good, bad or empty."""

    text: str = ""
    tone: str = ""


def percent(part: float) -> str:
    """`100 %` only for all of them, `0 %` only for none."""
    whole = 100 if part == 1 else 0 if not part else min(99, max(1, round(part * 100)))
    return f"{whole}{THIN}%"


def change_of(now: int, before: int) -> Change:
    """`+12 %`; nothing where there was nothing before."""
    if not before or now == before:
        return Change("±0" if before else "")
    difference = round((now - before) * 100 / before)
    if difference > MOST_PERCENT:
        return Change(f"from {before:,}", "good")
    sign = "+" if now > before else MINUS
    return Change(f"{sign}{abs(difference)}{THIN}%", "good" if now > before else "bad")


def points(now: float | None, before: float | None) -> Change:
    """`+3 points`, the difference of two percentages."""
    if now is None or before is None:
        return Change()
    difference = round(now * 100) - round(before * 100)
    if not difference:
        return Change("±0")
    noun = "point" if abs(difference) == 1 else "points"
    return Change(f"{'+' if difference > 0 else MINUS}{abs(difference)} {noun}", "good" if difference > 0 else "bad")


def when_people_call(calls: Sequence[Sequence[int]], answered: Sequence[Sequence[int]]) -> str:
    """Sentences about the busiest hour, and the evening. Empty without calls."""
    most, day, hour = max(
        (number, -row, -column) for row, numbers in enumerate(calls) for column, number in enumerate(numbers)
    )
    if not most:
        return ""
    text = f"Most people call on {DAYS[-day]}s at {-hour}:00."
    late = sum(sum(numbers[EVENING:]) for numbers in calls)
    got = sum(sum(numbers[EVENING:]) for numbers in answered)
    if late >= ENOUGH_CALLS and got < late:
        text += f" After {EVENING}:00, {percent(1 - got / late)} of calls are not answered."
    return text


def late(seconds: float | None) -> str:
    """A sentence about figures that a replica gave, which was so late when it was looked at. None: it gave none."""
    if seconds is None:
        return ""
    whole = math.ceil(seconds + LOOK_SECONDS)
    return f"Read from a copy of the database that is up to {whole} seconds behind."


def day_tag(moment: datetime) -> SafeString:
    """A <time> element: `14:20` for today, `Yesterday`, `27 Nov`; the full time is its title."""
    local, today = timezone.localtime(moment), timezone.localdate()
    days_ago = (today - local.date()).days
    text = f"{local:%H:%M}" if not days_ago else "Yesterday" if days_ago == 1 else f"{local.day} {local:%b}"
    whole = f"{local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), whole, text)
