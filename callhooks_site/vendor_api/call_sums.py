"""What is summed of calls, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, Sum, Value, When
from django.db.models.functions import Coalesce, Extract, Floor, Greatest

_TALK: Any = Floor(Extract(F("ended_at") - Coalesce("answered_at", "start_time"), "epoch"))
# As `call_states.seconds`: as told, else from answer or start to end, else 0.
SECONDS = Case(
    When(duration__isnull=False, then=F("duration")),
    When(ended_at__isnull=False, then=Greatest(Value(0), _TALK, output_field=IntegerField())),
    default=Value(0),
    output_field=IntegerField(),
)
# Of calls, by the index `call_listed`, and of days that are counted already.
OF_CALLS: dict[str, Any] = {
    "sum_calls": Count("pk"),
    "sum_answered": Count("pk", filter=Q(answered_at__isnull=False, voicemail=False)),
    "sum_seconds": Sum(SECONDS),
    "sum_leads": Count("pk", filter=Q(lead_status="good_lead")),
}
OF_FIRST_CALLS: dict[str, Any] = {"sum_first": Count("pk")}
OF_DAYS: dict[str, Any] = {
    "sum_calls": Sum("calls"),
    "sum_answered": Sum("calls", filter=Q(answered=True, voicemail=False)),
    "sum_seconds": Sum("seconds"),
    "sum_leads": Sum("calls", filter=Q(lead_status="good_lead")),
}
OF_SOURCES: dict[str, Any] = {
    "sum_calls": Sum("calls"),
    "sum_answered": Sum("answered"),
    "sum_seconds": Sum("seconds"),
    "sum_leads": Sum("good_leads"),
}
NAMES = (
    "total_calls",
    "missed_calls",
    "answered_calls",
    "first_time_callers",
    "average_duration",
    "formatted_average_duration",
    "leads",
)
DEFAULT = ("total_calls",)


_NEEDS = {
    "missed_calls": "sum_answered",
    "answered_calls": "sum_answered",
    "average_duration": "sum_seconds",
    "formatted_average_duration": "sum_seconds",
    "leads": "sum_leads",
}


def needed(sums: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Those of the sums that these names are made of."""
    wanted = {"sum_calls", *(_NEEDS[name] for name in names if name in _NEEDS)}
    return {name: each for name, each in sums.items() if name in wanted}


@dataclass
class Sums:
    calls: int = 0
    answered: int = 0
    seconds: int = 0
    leads: int = 0
    first: int = 0

    def add(self, row: dict[str, Any]) -> None:
        """The sums of a row of a statement."""
        for name in ("calls", "answered", "seconds", "leads", "first"):
            setattr(self, name, getattr(self, name) + int(row.get(f"sum_{name}") or 0))

    def shown(self, names: Iterable[str]) -> dict[str, Any]:
        average = round(self.seconds / self.calls) if self.calls else 0
        every = {
            "total_calls": self.calls,
            "missed_calls": self.calls - self.answered,
            "answered_calls": self.answered,
            "first_time_callers": self.first,
            "average_duration": average,
            "formatted_average_duration": in_words(average),
            "leads": self.leads,
        }
        return {name: every[name] for name in names}


def names_of(asked: list[str]) -> list[str]:
    return [name for name in NAMES if name in asked] or list(DEFAULT)


def in_words(seconds: int) -> str:
    """`13s`, `2m 59s`, `1h 2m 3s`"""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes}m {rest}s"
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"
