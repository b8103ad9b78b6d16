"""Filters of the lists of deliveries and events."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ..events import catalogue
from ..events.filtering import FILTERED
from ..models import Delivery, Subscription
from .kit.filters import related_filter

State = Delivery.State
FILTERED_STATE = "filtered"  # cancelled ones that a subscription's filter left out
IS_FILTERED = Q(state=State.CANCELLED, reason__startswith=FILTERED)


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*State.choices, (FILTERED_STATE, "Filtered out")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == FILTERED_STATE:
            return queryset.filter(IS_FILTERED)
        return queryset.filter(state=self.value()) if self.value() else queryset


class EventTypeFilter(SimpleListFilter):
    title = "event"
    parameter_name = "type"
    path = "event__type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(event_type.name, event_type.label) for event_type in catalogue.all_types()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.path: self.value()}) if self.value() else queryset


SubscriptionFilter = related_filter(
    "subscription",
    Subscription.objects.exclude(state=Subscription.State.ARCHIVED).defer("secret", "previous_secret"),
)


class AnswerFilter(SimpleListFilter):
    """By the class of the last HTTP status."""

    title = "response"
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("2xx", "Accepted (2xx)"),
            ("3xx", "Redirect (3xx)"),
            ("4xx", "Refused (4xx)"),
            ("5xx", "Server error (5xx)"),
            ("none", "No response"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen == "none":
            return queryset.filter(Q(status_code=None, attempts__gt=0))
        if chosen in ("2xx", "3xx", "4xx", "5xx"):
            first = int(chosen[0]) * 100
            return queryset.filter(status_code__gte=first, status_code__lt=first + 100)
        return queryset
