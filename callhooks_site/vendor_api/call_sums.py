"""Counts and averages of calls, in one statement over the index `call_listed`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Avg, Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Extract, Greatest

from calls.models import Call

from .call_queries import first_calls

_TALK: Any = Extract(F("ended_at") - Coalesce("answered_at", "start_time"), "epoch")
# As `call_states.seconds`: as told, else from answer or start to end, else 0.
_SECONDS = Case(
    When(duration__isnull=False, then=F("duration")),
    When(ended_at__isnull=False, then=Greatest(Value(0), _TALK, output_field=IntegerField())),
    default=Value(0),
    output_field=IntegerField(),
)
_ANSWERED = Q(answered_at__isnull=False, voicemail=False)
_AVERAGE = "average_duration"
SUMS: dict[str, Any] = {
    "total_calls": Count("pk"),
    "missed_calls": Count("pk", filter=~_ANSWERED),
    "answered_calls": Count("pk", filter=_ANSWERED),
    "first_time_callers": Count("pk", filter=Q(is_first=True)),
    _AVERAGE: Avg(_SECONDS),
    "formatted_average_duration": Avg(_SECONDS),
    "leads": Count("pk", filter=Q(lead_status="good_lead")),
}
DEFAULT = ("total_calls",)


def names_of(asked: list[str]) -> list[str]:
    return [name for name in SUMS if name in asked] or list(DEFAULT)


def expressions(names: list[str]) -> dict[str, Any]:
    """By an alias each: a name may be that of a column."""
    return {f"sum_{name}": SUMS[name] for name in names}


def with_first_calls(rows: QuerySet[Call], names: list[str]) -> QuerySet[Call]:
    return rows.annotate(is_first=first_calls()) if "first_time_callers" in names else rows


def shown(found: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: _shown(name, found.get(f"sum_{name}")) for name in names}


def _shown(name: str, value: Any) -> Any:
    seconds = round(value or 0)
    return in_words(seconds) if name == "formatted_average_duration" else seconds


def in_words(seconds: int) -> str:
    """`13s`, `2m 59s`, `1h 2m 3s`"""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes}m {rest}s"
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"
