"""The log of deliveries: what was sent where, what came back, and what happens next."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from ..endpoints import operations, resend_jobs
from ..events import catalogue
from ..models import Attempt, Company, Delivery, Event, Subscription
from ..tenancy import audit_log
from ..tenancy.access import access_of
from . import advice, attempt_request
from .delivery_filters import AnswerFilter, EventTypeFilter, StateFilter, SubscriptionFilter
from .delivery_scans import delivery_scan
from .kit import bodies, export, labels, search, subjects, times
from .kit.buttons import ButtonsAdmin, button
from .kit.filters import SinceFilter, is_id
from .kit.index_scans import IndexScan
from .kit.logs import SEARCH_LIMIT, LogAdmin, all_pages_chosen

State = Delivery.State
ATTEMPTS_SHOWN = 50  # on a page


@admin.register(Delivery)
class DeliveryAdmin(LogAdmin, ButtonsAdmin):
    menu, menu_order = "Webhooks", 20
    related = ("event", "subscription__health")
    deferred = ("event__body", "subscription__secret", "subscription__previous_secret")
    list_display = (
        "created",
        "state_badge",
        "event_label",
        "about",
        "to",
        "what_happened",
        "attempts_in_words",
        "next_try",
    )
    list_filter = (SinceFilter, StateFilter, EventTypeFilter, AnswerFilter, SubscriptionFilter)
    search_help_text = "A phone number, or the exact ID of a delivery, webhook, call, text or form"
    actions = ("resend_selected", "send_now_selected", "cancel_selected")
    change_list_template = "admin/subscriptions/delivery/change_list.html"
    buttons = ("resend", "send_now", "cancel")

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="state")
    def state_badge(self, obj: Delivery) -> str:
        return labels.badge(labels.state_label(obj), labels.state_tone(obj))

    @admin.display(description="event")
    def event_label(self, obj: Delivery) -> str:
        label = catalogue.label(obj.event.type)
        return format_html("{} {}", label, labels.badge("test", "quiet")) if obj.event.test else label

    @admin.display(description="about")
    def about(self, obj: Any) -> str:
        return str(getattr(obj, "about", "")) or "–"

    @admin.display(description="subscription")
    def to(self, obj: Delivery) -> str:
        return obj.subscription.name

    @admin.display(description="what happened")
    def what_happened(self, obj: Delivery) -> str:
        return labels.outcome_label(obj)

    @admin.display(description="attempts")
    def attempts_in_words(self, obj: Delivery) -> str:
        return labels.attempts_label(obj)

    @admin.display(description="created")
    def created(self, obj: Delivery) -> str:
        return times.time_tag(obj.created_at)

    @admin.display(description="next try")
    def next_try(self, obj: Delivery) -> Any:
        if obj.state != State.PENDING:
            return ""
        if obj.claim:
            return "now"
        waits_until = max(filter(None, (labels.paused_until(obj), obj.due_at)))
        return times.time_tag(waits_until) if waits_until > timezone.now() else "now"

    def index_scan(self, request: HttpRequest) -> IndexScan | None:
        return delivery_scan(request) or super().index_scan(request)

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        events = search.find_event_ids(self.admin_site, request, term)
        found = set(Delivery.objects.filter(event_id__in=events).values_list("pk", flat=True)[:SEARCH_LIMIT])
        return rows.filter(pk__in=found | search.row_ids(term))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        again = reverse("admin:subscriptions_resendjob_add")
        context = {
            "resend_url": f"{again}?{_as_job(request) or ''}" if self.has_operate_permission(request) else "",
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        return subjects.add_names(self.admin_site, super().get_changelist_instance(request), "event.subject_id")

    # --- the list as a file ---------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        state = self.admin_site.admin_view(self.state_view)
        return [
            path("export/", view, name="subscriptions_delivery_export"),
            path("<path:object_id>/state/", state, name="subscriptions_delivery_state"),
            *super().get_urls(),
        ]

    def state_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """JSON for the page's script, which reloads the page when `state` changes."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such delivery.")
        if (refused := self.refuse_unless_read(request, obj)) is not None:
            return refused
        return JsonResponse({"state": labels.change_marker(obj)})

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """What the list shows with the same filters and search, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        try:
            rows = super().get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:subscriptions_delivery_changelist"))
        companies = access_of(request).limit(Company.objects.all(), "pk")
        chosen = request.GET.get("company", "")
        if is_id(chosen):
            companies = companies.filter(pk=int(chosen))
        told = f"With {request.GET.urlencode()}" if request.GET else "The last 24 hours"
        actor, access = audit_log.Actor.person(request.user), access_of(request)
        if access.all_companies and not is_id(chosen):
            audit_log.record(actor, "Exported deliveries", detail=told)  # an operator's, over all companies
        for pk in [] if access.all_companies and not is_id(chosen) else companies.values_list("pk", flat=True):
            audit_log.record(actor, "Exported deliveries", company=pk, detail=told)
        return export.csv_response("deliveries", _EXPORTED, _exported(rows))

    # --- the page -------------------------------------------------------------------------------------------------
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        context = {"several": access_of(request).several, **(self._page(obj) if obj is not None else {})}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def _page(self, obj: Delivery) -> dict[str, Any]:
        body = bytes(Event.objects.values_list("body", flat=True).get(pk=obj.event_id))
        newest = list(Attempt.objects.filter(delivery=obj).order_by("-number")[:ATTEMPTS_SHOWN])
        return {
            "subtitle": None,
            "title": f"{catalogue.label(obj.event.type)} to {obj.subscription.name}",
            "delivery": obj,
            "state": self.state_badge(obj),
            "next_step": labels.describe_next_step(obj),
            "happened": labels.outcome_label(obj) if obj.state == State.FAILED else "",
            "watched": labels.change_marker(obj) if obj.state == State.PENDING else "",
            "name": subjects.find_names(self.admin_site, {obj.event.subject_id}).get(obj.event.subject_id, ""),
            "subject": subjects.link_subject(self.admin_site, obj.event.subject_id),
            "advice": _advice(obj, newest),
            "tries": [_shown(attempt, body) for attempt in newest],
            "tolerance": attempt_request.TOLERANCE_MINUTES,
            "more": max(0, obj.attempts - len(newest)),
            "body": bodies.decode_body(body),
            "body_pretty": bodies.pretty_json(body),
            "body_size": len(body),
        }

    # --- what one can do ------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        if obj.state in operations.RESENDABLE and obj.subscription.state == Subscription.State.ACTIVE:
            return ("resend", "cancel") if obj.state == State.HELD else ("resend",)
        if obj.state not in (State.PENDING, State.HELD) or obj.claim is not None:
            return ()
        later = obj.due_at is not None and max(obj.due_at, labels.paused_until(obj) or obj.due_at) > timezone.now()
        return ("send_now", "cancel") if later and obj.subscription.state == Subscription.State.ACTIVE else ("cancel",)

    @button("Send again")
    def resend(self, request: HttpRequest, obj: Delivery) -> None:
        self._resend(request, Delivery.objects.filter(pk=obj.pk))

    @button("Send now")
    def send_now(self, request: HttpRequest, obj: Delivery) -> None:
        self._send_now(request, Delivery.objects.filter(pk=obj.pk))

    @button("Cancel")
    def cancel(self, request: HttpRequest, obj: Delivery) -> None:
        self._cancel(request, Delivery.objects.filter(pk=obj.pk))

    @admin.action(description="Send again", permissions=["operate"])
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._resend(request, self._plain(request, queryset))

    @admin.action(description="Send now what waits", permissions=["operate"])
    def send_now_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._send_now(request, self._plain(request, queryset))

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._cancel(request, self._plain(request, queryset))

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """All pages at once is a job of its own, where one can count first and cancel."""
        again = {"resend_selected", "send_now_selected"} & set(request.POST.getlist("action"))
        if all_pages_chosen(request) and again and self.has_operate_permission(request):
            job = _as_job(request, [State.PENDING] if "send_now_selected" in again else operations.RESENDABLE)
            if job is not None:
                return HttpResponseRedirect(f"{reverse('admin:subscriptions_resendjob_add')}?{job}")
        return super().response_action(request, queryset)

    def _plain(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """What was chosen, as far as it may be operated on, without the list's joins."""
        return Delivery.objects.filter(pk__in=list(self.writable(request, chosen).values_list("pk", flat=True)))

    def _resend(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        able = chosen.filter(state__in=operations.RESENDABLE, subscription__state=Subscription.State.ACTIVE)
        removed = chosen.filter(subscription__state=Subscription.State.ARCHIVED).exists()
        self._tell(request, chosen, able, operations.resend, _NOT_RESENT_REMOVED if removed else _RESENT)

    def _send_now(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        able = chosen.filter(state=State.PENDING, claim=None, subscription__state=Subscription.State.ACTIVE)
        self._tell(request, chosen, able, operations.send_now, _SENT_NOW)

    def _cancel(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        able = chosen.filter(state__in=(State.PENDING, State.HELD), claim=None)
        self._tell(request, chosen, able, operations.cancel, _CANCELLED)

    def _tell(
        self,
        request: HttpRequest,
        chosen: QuerySet[Delivery],
        able: QuerySet[Delivery],
        do: Callable[[QuerySet[Delivery]], int],
        words_: tuple[str, str, str],
    ) -> None:
        """Do it, write it into the history of each, and say what was done and what was not."""
        done, history, why_not = words_
        rows = list(able.only("pk", "company"))
        count = do(Delivery.objects.filter(pk__in=[row.pk for row in rows]))
        user_id: Any = request.user.pk
        if rows:
            LogEntry.objects.log_actions(user_id, rows, CHANGE, change_message=history)
            _audit(request, rows, history)
        left = chosen.count() - count
        told = [f"{_webhooks(count)} {done}."] if count else []
        told += [f"{_webhooks(left)} {'was' if left == 1 else 'were'} left: {why_not}"] if left or not count else []
        self.message_user(request, " ".join(told), messages.SUCCESS if count else messages.WARNING)


_RESENT = ("on the way again", "Sent again.", "on the way already, or to a subscription that is not active.")
_NOT_RESENT_REMOVED = (
    *_RESENT[:2],
    "on the way already, or to a subscription that is not active. Where it was removed, add a new one with its URL for "
    "the events to come.",
)
_SENT_NOW = (
    "sent now",
    "Sent now.",
    "done or held, being sent at this moment, or to a subscription that is not active.",
)
_CANCELLED = ("cancelled", "Cancelled.", "done already, or being sent at this moment.")


def _webhooks(count: int) -> str:
    return "1 webhook" if count == 1 else f"{count} webhooks"


def _shown(attempt: Attempt, body: bytes) -> dict[str, Any]:
    good = attempt.outcome == Attempt.Outcome.DELIVERED
    tone = "good" if good else "quiet" if attempt.outcome == Attempt.Outcome.LOST else "bad"
    return {
        "number": attempt.number,
        "badge": labels.badge(labels.attempt_label(attempt), tone),
        # Beside an answer's code, what the client made of it; without an answer the badge says it all.
        "message": attempt.message if attempt.status_code else "",
        "at": times.time_tag(attempt.started_at),
        "took": times.format_milliseconds(attempt.duration_ms),
        "url": attempt.url,
        "status": attempt.status_code,
        "request_headers": attempt.request_headers,
        "signed_prefix": attempt_request.signed_prefix(attempt.request_headers),
        "signature": attempt_request.header(attempt.request_headers, "signature"),
        "webhook_signature": attempt_request.header(attempt.request_headers, "webhook-signature"),
        "curl": attempt_request.curl(attempt.url, attempt.request_headers, body) if attempt.request_headers else "",
        "masked": attempt_request.is_masked(attempt.request_headers),
        "response_headers": attempt.response_headers,
        "response": bodies.decode_body(bytes(attempt.response_body)),
        "truncated": attempt.response_truncated,
    }


def _audit(request: HttpRequest, rows: list[Delivery], done: str) -> None:
    """One delivery by its name, several as one entry of each company."""
    actor = audit_log.Actor.person(request.user)
    if len(rows) == 1:
        audit_log.record(actor, done.rstrip("."), rows[0])
        return
    for company_id, count in Counter(row.company_id for row in rows).items():
        audit_log.record(actor, done.rstrip("."), company=company_id, detail=f"{count} webhooks chosen from the list")


def _advice(delivery: Delivery, newest: list[Attempt]) -> str:
    """What to do, while there is something to do."""
    if not newest or delivery.state == State.DELIVERED or newest[0].outcome != Attempt.Outcome.FAILED:
        return ""
    return advice.find_advice(newest[0].status_code, newest[0].error)


def _as_job(request: HttpRequest, states: Sequence[str] = operations.RESENDABLE) -> str | None:
    """The list's filters as the beginning of a resend of many, of these states where the list shows all; None where it
    knows no such filter."""
    asked = {name: value for name, value in request.GET.items() if value}
    if set(asked) - {"subscription", "state", "since", "company", "p"}:
        return None
    state, since = asked.get("state", ""), asked.get("since", "24h")
    if state and state not in resend_jobs.STATES:
        return None
    begin = timezone.now() - SinceFilter.spans[since] if since in SinceFilter.spans else _BEGINNING
    job: dict[str, Any] = {"since": f"{timezone.localtime(begin):%Y-%m-%dT%H:%M:%S}"}
    job |= {"subscription": asked["subscription"]} if "subscription" in asked else {}
    job["states"] = [state] if state else [str(one) for one in states]
    return urlencode(job, doseq=True)


_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # before any event
_EXPORTED = ("Delivery", "Created", "Company", "Subscription", "URL", "Event", "About", "webhook-id", "State",
             "What happened", "HTTP code", "Attempts", "Next try", "Finished")  # fmt: skip


def _exported(rows: QuerySet[Any]) -> Iterator[tuple[object, ...]]:
    """Streamed after the page's time zone was put back: each row's times are in its company's zone."""
    for row in export.limit_rows(rows, "deliveries"):
        if isinstance(row, str):
            yield (row,)
            return
        zone = zoneinfo.ZoneInfo(row.company.time_zone)
        yield (
            row.pk, export.format_time(row.created_at, zone), row.company.name, row.subscription.name,
            row.subscription.url, row.event.type, row.event.subject_id, row.event.webhook_id,
            labels.state_label(row), labels.outcome_label(row), row.status_code, row.attempts,
            export.format_time(row.due_at, zone), export.format_time(row.finished_at, zone),
        )  # fmt: skip
