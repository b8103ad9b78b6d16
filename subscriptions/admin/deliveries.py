"""The log of deliveries: the list and the page of one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from ..delivery import batching
from ..events import catalogue
from ..models import Attempt, Delivery
from ..tenancy.access import access_of
from .delivery_actions import DeliveryActionsAdmin, resend_query
from .delivery_export import DeliveryExportAdmin
from .delivery_filters import AnswerFilter, EventTypeFilter, StateFilter, SubscriptionFilter
from .delivery_page import page_context
from .delivery_scans import delivery_scan
from .delivery_views import list_tabs
from .kit import labels, search, subjects, times
from .kit.filters import SinceFilter
from .kit.icons import icon
from .kit.index_scans import IndexScan
from .kit.logs import SEARCH_LIMIT

State = Delivery.State


@admin.register(Delivery)
class DeliveryAdmin(DeliveryExportAdmin, DeliveryActionsAdmin):
    menu, menu_order, menu_name = "deliveries", 10, "Log"
    related = ("event", "subscription__health")
    deferred = ("event__body", "subscription__secret", "subscription__previous_secret")
    list_display = (
        "state_badge",
        "event_label",
        "about",
        "to",
        "what_happened",
        "attempts_in_words",
        "next_try",
        "created",
    )
    cells = {
        "state_badge": "who",
        "event_label": "what",
        "about": "short",
        "to": "side short",
        "what_happened": "soft clip",
        "attempts_in_words": "num wide",
        "next_try": "num wider",
        "created": "num when quiet",
        "company_name": "soft short",
    }
    empty_icon = "send"
    empty_text = "Each webhook appears here as soon as there is an event that a subscription asks for."
    empty_guide = "troubleshooting#no-webhook-arrived"
    list_filter = (SinceFilter, StateFilter, EventTypeFilter, AnswerFilter, SubscriptionFilter)
    search_help_text = "Phone number or exact ID"
    change_list_template = "admin/subscriptions/delivery/change_list.html"

    def list_title(self, request: HttpRequest) -> str:
        return "Deliveries"

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="state")
    def state_badge(self, obj: Delivery) -> str:
        return labels.badge(labels.state_label(obj), labels.state_tone(obj))

    @admin.display(description="event")
    def event_label(self, obj: Delivery) -> str:
        label = catalogue.label(obj.event.type)
        if name := getattr(obj, "about", ""):  # on a phone the column beside it is not shown
            label = format_html('{}<span class="only-phone quiet"> · {}</span>', label, name)
        tag = "Test" if obj.event.test else "Alert" if obj.subscription.for_alerts else ""
        return format_html("{} {}", label, labels.tag(tag)) if tag else label

    @admin.display(description="about")
    def about(self, obj: Any) -> str:
        if obj.event.test:
            return "Invented data"
        name = getattr(obj, "about", "") or obj.event.subject_id
        url = subjects.subject_url(self.admin_site, obj.event.subject_id)
        shown = format_html('<a class="main" href="{}">{}</a>', url, name) if url else name
        return format_html('<span class="who">{}{}</span>', icon(subjects.icon_of(obj.event.type)), shown)

    @admin.display(description="subscription")
    def to(self, obj: Delivery) -> str:
        return obj.subscription.name

    @admin.display(description="what happened")
    def what_happened(self, obj: Delivery) -> str:
        return labels.outcome_label(obj)

    @admin.display(description="attempts")
    def attempts_in_words(self, obj: Delivery) -> str:
        return labels.attempts_label(obj)

    @admin.display(description="made")
    def created(self, obj: Delivery) -> str:
        return times.time_tag(obj.created_at)

    @admin.display(description="next try")
    def next_try(self, obj: Delivery) -> Any:
        if obj.state != State.PENDING:
            return ""
        if obj.claim:
            return "now"
        waits_until = max(filter(None, (labels.paused_until(obj), obj.due_at)))
        if waits_until <= timezone.now():
            return "now"
        clock, soon = times.format_short(waits_until), times.format_relative(waits_until)
        return format_html('<time datetime="{}" title="{}">{}</time>', waits_until.isoformat(), clock, soon)

    def index_scan(self, request: HttpRequest) -> IndexScan | None:
        return delivery_scan(request) or super().index_scan(request)

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        events = search.find_event_ids(self.admin_site, request, term)
        found = set(Delivery.objects.filter(event_id__in=events).values_list("pk", flat=True)[:SEARCH_LIMIT])
        if (batch := batching.read_webhook_id(term)) is not None:
            found |= set(Attempt.objects.filter(batch=batch).values_list("delivery", flat=True))
        return rows.filter(pk__in=found | search.row_ids(term))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        again = reverse("admin:subscriptions_resendjob_add")
        context = {
            "tabs": list_tabs(request),
            "resend_url": f"{again}?{resend_query(request) or ''}" if self.has_operate_permission(request) else "",
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        return subjects.add_names(self.admin_site, super().get_changelist_instance(request), "event.subject_id")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.state_view)
        name = "subscriptions_delivery_state"
        return [path("<path:object_id>/state/", view, name=name), *super().get_urls()]

    def state_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """JSON for the page's script, which reloads the page when `state` changes."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such delivery.")
        if (refused := self.refuse_unless_read(request, obj)) is not None:
            return refused
        return JsonResponse({"state": labels.change_marker(obj)})

    def page_context(self, request: HttpRequest, obj: Delivery) -> dict[str, Any]:
        return {
            **super().page_context(request, obj),
            **page_context(self.admin_site, obj),
            "several": access_of(request).several,
        }
