"""The log of events, with the payload that all their webhooks carry."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.html import format_html

from ..endpoints import operations
from ..events import catalogue, stored_bodies, versions
from ..models import Delivery, Event, Subscription
from ..tenancy import audit_log
from ..tenancy.access import access_of
from .delivery_filters import FILTERED_STATE, IS_FILTERED, EventTypeFilter
from .delivery_scans import events_of_type
from .kit import bodies, labels, search, subjects, times
from .kit.buttons import ButtonsAdmin, button
from .kit.filters import SinceFilter
from .kit.icons import icon
from .kit.index_scans import IndexScan
from .kit.logs import LogAdmin

_WORDS = {
    "delivered": "delivered",
    "pending": "waiting",
    "failed": "failed",
    "held": "held",
    "cancelled": "cancelled",
    FILTERED_STATE: "filtered out",
}


class TypeFilter(EventTypeFilter):
    path = "type"


@admin.register(Event)
class EventAdmin(LogAdmin, ButtonsAdmin):
    menu, menu_order = "deliveries", 20
    deferred = ("body",)
    list_display = ("label", "subject", "webhooks", "created")
    cells = {"label": "who", "subject": "what", "webhooks": "side soft clip", "created": "num when quiet"}
    empty_icon = "webhook"
    list_filter = (SinceFilter, TypeFilter)
    search_help_text = "Phone number or exact ID"
    buttons = ("send_now", "replay")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        states = (
            Delivery.objects.filter(event=OuterRef("pk"))
            .order_by()
            .values("event")
            .annotate(found=ArrayAgg(Case(When(IS_FILTERED, then=Value(FILTERED_STATE)), default="state")))
            .values("found")
        )
        rows: QuerySet[Any] = super().get_queryset(request).annotate(states=Subquery(states))
        return rows

    def index_scan(self, request: HttpRequest) -> IndexScan | None:
        return events_of_type(request) or super().index_scan(request)

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows.filter(pk__in=search.find_event_ids(self.admin_site, request, term))

    @admin.display(description="event")
    def label(self, obj: Event) -> str:
        label = catalogue.label(obj.type)
        return format_html("{} {}", label, labels.tag("Test")) if obj.test else label

    @admin.display(description="about")
    def subject(self, obj: Event) -> str:
        if obj.test:
            return "Invented data"
        reference = subjects.link_subject(self.admin_site, obj.subject_id)
        name = getattr(obj, "about", "")
        if name and not subjects.subject_url(self.admin_site, obj.subject_id):
            reference = "Subscription"  # it is about an endpoint
        shown = format_html("{} <small>{}</small>", reference, name) if name else reference
        return format_html('<span class="who">{}{}</span>', icon(subjects.icon_of(obj.type)), shown)

    @admin.display(description="webhooks")
    def webhooks(self, obj: Any) -> str:
        states: list[str] = obj.states or []
        parts = [f"{states.count(state)} {word}" for state, word in _WORDS.items() if state in states]
        return ", ".join(parts) or "None. No subscription receives it"

    @admin.display(description="made")
    def created(self, obj: Event) -> str:
        return times.time_tag(obj.created_at)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        return subjects.add_names(self.admin_site, super().get_changelist_instance(request), "subject_id")

    def page_context(self, request: HttpRequest, obj: Event) -> dict[str, Any]:
        return {
            **super().page_context(request, obj),
            **self._page(obj),
            "several": access_of(request).several,
        }

    def _page(self, obj: Event) -> dict[str, Any]:
        deliveries = obj.deliveries.select_related("subscription").defer(
            "subscription__secret", "subscription__previous_secret"
        )
        return {
            "title": catalogue.label(obj.type),
            "subtitle": None,
            "event": obj,
            "about_word": subjects.kind_word(obj.type),
            "subject": subjects.link_subject(self.admin_site, obj.subject_id),
            "at": times.time_tag(obj.created_at),
            "deliveries": [subjects.delivery_row(delivery) for delivery in deliveries],
            "stored": [
                {
                    "body_version": dict(versions.choices()).get(name, name),
                    "body_kind": "JSON",
                    "body": bodies.decode_body(body),
                    "body_pretty": bodies.pretty(body),
                    "body_size": len(body),
                }
                for name, body in stored_bodies.read_bodies(obj).items()
            ],
        }

    # --- what one can do ------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        shown = [("send_now", _waiting(obj)), ("replay", _able(obj))]
        return tuple(name for name, rows in shown if rows.exists())

    @button("Send now", icon="send", primary=True)
    def send_now(self, request: HttpRequest, obj: Event) -> None:
        """What waits for its next attempt, at each subscription."""
        count = operations.send_now(_waiting(obj))
        if not count:
            self.message_user(request, "Nothing waits: all are sent, or being sent now.", messages.WARNING)
            return
        to = "1 subscription" if count == 1 else f"{count} subscriptions"
        audit_log.record(audit_log.Actor.person(request.user), "Sent now", obj, detail=f"To {to}")
        self.message_user(request, f"Sending now to {to}.", messages.SUCCESS)

    @button("Send again to all", icon="rotate-cw")
    def replay(self, request: HttpRequest, obj: Event) -> None:
        """Resend to the subscriptions that received it the first time, not to ones created since, nor to those whose
        filter left it out."""
        count, left = operations.resend(_able(obj)), obj.deliveries.count()
        if not count:
            self.message_user(
                request,
                "Nothing was sent. All webhooks are already waiting, or their subscriptions are not active.",
                messages.WARNING,
            )
            return
        audit_log.record(
            audit_log.Actor.person(request.user), "Sent again", obj, detail=f"To {count} of {left} subscriptions"
        )
        rest = f" {left - count} skipped: already waiting, filtered out, or not active." if left > count else ""
        number = "1 subscription" if count == 1 else f"{count} subscriptions"
        self.message_user(request, f"Sending again to {number}.{rest}", messages.SUCCESS)


def _waiting(event: Event) -> QuerySet[Delivery]:
    """What is due later: the rest is being sent as it is."""
    rows = Delivery.objects.filter(event=event, state=Delivery.State.PENDING, claim=None)
    later = Q(due_at__gt=Now()) | Q(stage=Delivery.Stage.PARKED)
    return rows.filter(later, subscription__state=Subscription.State.ACTIVE)


def _able(event: Event) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        event=event,
        event__erased_at=None,
        state__in=operations.RESENDABLE,
        subscription__state=Subscription.State.ACTIVE,
    ).exclude(IS_FILTERED)
