"""Times and durations as text for a page, in the time zone of the page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html


def format_short(moment: datetime | None) -> str:
    """`14:32:05`, with the day unless it is today."""
    if moment is None:
        return ""
    local, today = timezone.localtime(moment), timezone.localtime().date()
    text = f"{local:%H:%M:%S}"
    if local.date() == today:
        return text
    if local.date() == today - timedelta(days=1):
        return f"yesterday {text}"
    return f"{format_day(local)}, {text}"


def format_day(local: datetime) -> str:
    """`4 Jul 2026`"""
    return f"{local.day} {local:%b %Y}"


def time_tag(moment: datetime | None) -> str:
    """A <time> element with the full time as its title."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    whole = f"{format_day(local)}, {local:%H:%M:%S} {local.tzname()}"
    text = format_short(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), whole, text[:1].upper() + text[1:]
    )


def format_relative(moment: datetime | None) -> str:
    """`in 4 min`, `3 h ago`"""
    if moment is None:
        return ""
    seconds = seconds_since(moment)
    return f"in {format_duration(-seconds)}" if seconds < 0 else f"{format_duration(seconds)} ago"


def seconds_since(moment: datetime) -> float:
    """Negative for a time in the future."""
    return (timezone.now() - moment).total_seconds()


def format_duration(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (size < 86_400 and seconds >= size):
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def format_milliseconds(milliseconds: int | None) -> str:
    """`240 ms`, `15.0 s`, `10 min`"""
    if milliseconds is None:
        return ""
    if milliseconds >= 120_000:
        return format_duration(milliseconds / 1_000)
    return f"{milliseconds} ms" if milliseconds < 1_000 else f"{milliseconds / 1_000:.1f} s"


def day(moment: datetime) -> str:
    """`Today`, `Yesterday`, `Sun 22 Nov`, and the year unless it is this one."""
    local, today = timezone.localtime(moment), timezone.localtime().date()
    year = "" if local.year == today.year else f" {local.year}"
    near = {0: "Today", 1: "Yesterday"}.get((today - local.date()).days)
    return near or f"{local:%a} {local.day} {local:%b}{year}"


def day_tag(moment: datetime) -> str:
    """A <time> element as people say it: `Today, 14:02`, `Sun 22 Nov, 20:13`."""
    local = timezone.localtime(moment)
    whole = f"{format_day(local)}, {local:%H:%M:%S} {local.tzname()}"
    return format_html(
        '<time datetime="{}" title="{}">{}, {}</time>', moment.isoformat(), whole, day(moment), clock(moment)
    )


def format_length(seconds: int) -> str:
    """How long somebody talked: `12 s`, `4 min 12 s`, `1 h 3 min`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest} s" if minutes and rest else f"{minutes} min" if minutes else f"{rest} s"


def clock(moment: datetime) -> str:
    """`14:06`"""
    return f"{timezone.localtime(moment):%H:%M}"


def say_moment(moment: datetime | None) -> str:
    """`11:42`, `yesterday, 11:42`, `Friday, 15:40`, `3 November, 09:00`"""
    if moment is None:
        return ""
    local, today = timezone.localtime(moment), timezone.localdate()
    days = (local.date() - today).days
    clock = f"{local:%H:%M}"
    if not days:
        return clock
    if days == -1:
        return f"yesterday, {clock}"
    near = -7 < days < 7
    return f"{local:%A}, {clock}" if near else f"{local.day} {local:%B}, {clock}"


def name_zone() -> str:
    """`New York (EST)`: the page's time zone, for people."""
    name, short = timezone.get_current_timezone_name(), timezone.localtime().tzname() or ""
    if "/" not in name:
        return name
    if short[:1] in "+-":  # a zone without letters: its distance from UTC
        short = f"UTC{short[0]}{short[1:3].lstrip('0') or '0'}{f':{short[3:5]}' if short[3:5].strip('0') else ''}"
    return f"{name.rpartition('/')[2].replace('_', ' ')} ({short})"
