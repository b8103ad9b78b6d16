"""Filters of the call list."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from subscriptions.admin.kit.filters import AnyTimeFilter, related_filter

from ..models import Call, Tag, Tracker

_INBOUND = Q(direction=Call.Direction.INBOUND)
_OUTCOMES = {
    "answered": ("Answered", _INBOUND & Q(voicemail=False, answered_at__isnull=False, ended_at__isnull=False)),
    "missed": ("Missed", _INBOUND & Q(voicemail=False, answered_at=None, abandoned=False)),
    "abandoned": ("Abandoned", _INBOUND & Q(voicemail=False, answered_at=None, abandoned=True)),
    "voicemail": ("Voicemail", _INBOUND & Q(voicemail=True)),
    "running": ("In progress", Q(ended_at=None, answered_at__isnull=False)),
}


class OutcomeFilter(SimpleListFilter):
    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, label) for key, (label, _) in _OUTCOMES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(_OUTCOMES[chosen][1]) if chosen in _OUTCOMES else queryset


class StartedFilter(AnyTimeFilter):
    field = "start_time"


TrackerFilter = related_filter("tracker", Tracker.objects.all(), title="tracking number")
TagFilter = related_filter("tag", Tag.objects.all(), path="tags")
