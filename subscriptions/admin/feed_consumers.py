"""Consumers of the feed: which programs read a company's events, and how far each has come."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from ..events import catalogue
from ..feed.consumers import COUNTED_BEHIND
from ..feed.places import Place, read_places
from ..models import FeedConsumer, Subscription
from ..tenancy.access import access_of
from .kit import labels, times
from .kit.bounded_lists import BoundedPaginator
from .kit.tenancy import TenantAdmin

MOST_IN_LIST = 1_000  # events counted for each row


class ConsumerList(ChangeList):
    """Adds to each row its place."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        places = read_places(rows, most=MOST_IN_LIST)
        for row in rows:
            row.place, row.most = places[row.pk], MOST_IN_LIST
        self.result_list = rows


@admin.register(FeedConsumer)
class FeedConsumerAdmin(TenantAdmin):
    """Programs add them, and move them; people see how far they are, and remove one."""

    menu, menu_order = "subscriptions", 30
    member_rights = operator_rights = frozenset({"view", "delete"})
    related = ("subscription",)
    deferred = tuple(f"subscription__{name}" for name in Subscription.ENCRYPTED)
    sortable_by = ()
    list_display = ("name", "state_badge", "reads", "behind_in_words", "taken", "heard")
    cells = {
        "name": "who",
        "state_badge": "side",
        "reads": "what soft clip",
        "behind_in_words": "num wide",
        "taken": "num wide",
        "heard": "num when quiet",
    }
    delete_label = "Remove…"
    empty_icon = "terminal"
    empty_text = "A program that reads your events from the feed, instead of being sent webhooks, appears here."
    empty_guide = "api#consumers"
    readonly_fields = (
        "name", "state_badge", "reads_with_link", "taken", "behind_in_words", "heard", "acknowledged", "created",
    )  # fmt: skip
    fields = readonly_fields

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """By name; of several companies the newest first, which an index knows."""
        return ("-pk",) if access_of(request).several else ("name",)

    def get_paginator(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> BoundedPaginator:
        paginator = BoundedPaginator(queryset, *args, **kwargs)
        paginator.keys_first = True
        return paginator

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConsumerList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            obj.place, obj.most = read_places([obj], most=COUNTED_BEHIND)[obj.pk], COUNTED_BEHIND
        return obj

    # --- columns and facts ----------------------------------------------------------------------------------------
    @admin.display(description="state")
    def state_badge(self, obj: Any) -> str:
        place: Place = obj.place
        if place.missed:
            return labels.badge("Missed events", "bad")
        if obj.event_id is None:
            return labels.badge("Nothing taken yet", "quiet")
        return labels.badge("Behind", "warn") if place.behind else labels.badge("Up to date", "good")

    @admin.display(description="reads")
    def reads(self, obj: FeedConsumer) -> str:
        what = f"What “{obj.subscription}” gets" if obj.subscription is not None else "All events"
        if not obj.types:
            return what
        names = ", ".join(catalogue.label(name) for name in obj.types)
        return f"{what}: {names}" if obj.subscription is not None else names

    @admin.display(description="reads")
    def reads_with_link(self, obj: FeedConsumer) -> str:
        if obj.subscription is None:
            return self.reads(obj)
        url = reverse("admin:subscriptions_subscription_change", args=[obj.subscription_id])
        return format_html('<a href="{}">{}</a>', url, self.reads(obj))

    @admin.display(description="behind by")
    def behind_in_words(self, obj: Any) -> str:
        behind = obj.place.behind
        number = f"more than {obj.most:,}" if behind > obj.most else f"{behind:,}"
        return f"{number} event{'' if behind == 1 else 's'}"

    @admin.display(description="last event taken")
    def taken(self, obj: Any) -> str:
        if obj.place.taken_at is not None:
            return times.time_tag(obj.place.taken_at)
        return "None yet" if obj.event_id is None else "One that is no longer kept"

    @admin.display(description="last heard of")
    def heard(self, obj: FeedConsumer) -> str:
        return times.time_tag(obj.heard_at) or "Never"

    @admin.display(description="last said what it has")
    def acknowledged(self, obj: FeedConsumer) -> str:
        return times.time_tag(obj.acknowledged_at) or "Never"

    @admin.display(description="created")
    def created(self, obj: FeedConsumer) -> str:
        return times.time_tag(obj.created_at)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
