"""Deliveries over time, and the health of each subscription as a strip."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from ...maintenance import statistics
from ...maintenance.statistics import Hours, Statistics
from .. import day_statistics
from ..kit import charts, labels, times
from .looks import Look, Overview

SERIES = (
    charts.Series("arrived", "f-1"),
    charts.Series("trying again", "f-warn"),
    charts.Series("failed", "f-bad"),
)
# By the value of `span` in the address: label and hours.
SPANS = {"24h": ("24 hours", 24), "7d": ("7 days", 7 * 24), "30d": ("30 days", 30 * 24)}
SHOWN = 20  # subscriptions, those with trouble first
HEIGHT = 276  # of the chart, in pixels: as high as the list of what to do beside it
EACH_DAY = 10  # bars up to which each has a label


def draw_deliveries(hours: Hours, span: str) -> dict[str, Any]:
    label, length = SPANS[span]
    now = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    bars = _by_hour(hours, now) if length == 24 else _by_day(hours, now, length // 24)
    title = f"Deliveries each {'hour' if length == 24 else 'day'}"
    return {
        "title": title,
        "picture": charts.draw_bars("chart-deliveries", f"{title}, the last {label}", SERIES, bars, height=HEIGHT),
        "legend": charts.draw_legend(SERIES, bars),
    }


def _by_hour(hours: Hours, now: datetime) -> list[charts.Bar]:
    bars = []
    for back in range(23, -1, -1):
        hour = now - timedelta(hours=back)
        local = timezone.localtime(hour)
        label = f"{local:%H}" if local.hour % 3 == 0 else ""
        title = f"{times.format_day(local)}, {local:%H:%M}"
        parts = _parts(hours.get(hour, Statistics()))
        bars.append(charts.Bar(label, title, parts, running=not back, minor=local.hour % 6 != 0))
    return bars


def _by_day(hours: Mapping[datetime, Statistics], now: datetime, count: int) -> list[charts.Bar]:
    today = timezone.localtime(now).date()
    days = {today - timedelta(days=back): Statistics() for back in range(count - 1, -1, -1)}
    for hour, one in hours.items():
        if (date := timezone.localtime(hour).date()) in days:
            days[date].add(one)
    bars = []
    for number, (date, one) in enumerate(days.items()):
        label = f"{date:%a}" if count <= EACH_DAY else f"{date.day} {date:%b}" if number % 7 == 0 else ""
        title = f"{date:%a} {date.day} {date:%b}"
        bars.append(charts.Bar(label, title, _parts(one), running=date == today))
    return bars


def _parts(one: Statistics) -> tuple[int, int, int]:
    return (one.delivered, one.retried, one.failed)


def draw_rows(seen: Overview) -> list[dict[str, Any]]:
    """The subscriptions for the template, those that need somebody first."""

    def urgency(look: Look) -> int:
        return 0 if look.is_failing(seen.now) or look.state == "disabled" else 1 if look.state == "paused" else 2

    return [_row(look, seen) for look in sorted(seen.looks, key=urgency)[:SHOWN]]


def _row(look: Look, seen: Overview) -> dict[str, Any]:
    part = look.arrived_part()
    arrived = "–" if part is None else day_statistics.format_percent(part)
    return {
        "look": look,
        "state": _state(look, seen),
        "strip": charts.draw_strip(f"{look.name}, the last 24 hours: {arrived} arrived", _marks(look, seen)),
        "arrived": arrived,
        "answer": _answer(look),
        "waiting": f"{look.waiting:,}" if look.waiting else "–",
    }


def _state(look: Look, seen: Overview) -> str:
    if look.is_failing(seen.now):
        return labels.badge("Failing", "bad")
    if look.state == "disabled":
        return labels.badge("Disabled", "bad")
    return labels.badge("Paused", "quiet") if look.state == "paused" else labels.badge("Healthy", "good")


def _marks(look: Look, seen: Overview) -> list[str]:
    now = seen.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [now - timedelta(hours=back) for back in range(23, -1, -1)]
    return [day_statistics.mark_of(look.hours.get(hour, Statistics())) for hour in hours]


def _answer(look: Look) -> str:
    if look.failing_since is not None:
        return look.why or "–"
    if look.last_status is None:
        return "None yet"
    took = times.format_milliseconds(look.last_ms)
    return ", ".join(filter(None, (labels.status_label(look.last_status), took)))


def figures_of(hours: Hours, seen: Overview) -> dict[str, str]:
    whole = statistics.sum_up(hours)
    typical = whole.within(0.5)
    return {
        "arrived": f"{whole.delivered:,}",
        "waiting": f"{seen.waiting:,}",
        "failed": f"{whole.failed:,}",
        "typical": times.format_milliseconds(typical) if typical else "–" if not whole.delivered else "over an hour",
    }
