"""The log of deliveries: what was sent where, what came back, and what happens next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from .. import catalogue, operations, trail
from ..models import Attempt, Delivery, Event, Subscription
from . import bodies, searching, subjects, words
from .buttons import ButtonsAdmin, button
from .filters import SinceFilter, related_filter
from .logs import MOST_FOUND, LogAdmin
from .reach import reach_of

State = Delivery.State
MOST_ATTEMPTS = 50  # on a page


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, label in State.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
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


@admin.register(Delivery)
class DeliveryAdmin(LogAdmin, ButtonsAdmin):
    menu, menu_order = "Webhooks", 20
    related = ("event", "subscription")
    deferred = ("event__body", "subscription__secret", "subscription__previous_secret")
    list_display = ("created", "state_badge", "event_label", "to", "what_happened", "attempts_in_words", "next_try")
    list_filter = (SinceFilter, StateFilter, EventTypeFilter, SubscriptionFilter)
    search_help_text = "A phone number, or the exact id of a delivery, webhook, call, text or form"
    actions = ("resend_selected", "cancel_selected")
    buttons = ("resend", "cancel")

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="state")
    def state_badge(self, obj: Delivery) -> str:
        return words.badge(words.state(obj), words.tone(obj))

    @admin.display(description="event")
    def event_label(self, obj: Delivery) -> str:
        return catalogue.label(obj.event.type)

    @admin.display(description="subscription")
    def to(self, obj: Delivery) -> str:
        return obj.subscription.name

    @admin.display(description="what happened")
    def what_happened(self, obj: Delivery) -> str:
        return words.what_happened(obj)

    @admin.display(description="attempts")
    def attempts_in_words(self, obj: Delivery) -> str:
        return words.attempts(obj)

    @admin.display(description="created")
    def created(self, obj: Delivery) -> str:
        return words.when(obj.created_at)

    @admin.display(description="next try")
    def next_try(self, obj: Delivery) -> Any:
        if obj.state != State.PENDING:
            return ""
        return "now" if obj.claim or not words.tries(obj) else words.when(obj.due_at)

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        events = searching.event_ids(self.admin_site, request, term)
        found = set(Delivery.objects.filter(event_id__in=events).values_list("pk", flat=True)[:MOST_FOUND])
        return rows.filter(pk__in=found | searching.numbers(term))

    # --- the page -------------------------------------------------------------------------------------------------
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        context = {"several": reach_of(request).several, **(self._page(obj) if obj is not None else {})}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def _page(self, obj: Delivery) -> dict[str, Any]:
        body = bytes(Event.objects.values_list("body", flat=True).get(pk=obj.event_id))
        newest = list(Attempt.objects.filter(delivery=obj).order_by("-number")[:MOST_ATTEMPTS])
        return {
            "subtitle": None,
            "title": f"{catalogue.label(obj.event.type)} to {obj.subscription.name}",
            "delivery": obj,
            "state": self.state_badge(obj),
            "next_step": words.next_step(obj),
            "subject": subjects.reference(self.admin_site, obj.event.subject_id),
            "tries": [_shown(attempt) for attempt in newest],
            "more": max(0, obj.attempts - len(newest)),
            "body": bodies.text(body),
            "body_pretty": bodies.pretty(body),
            "body_size": len(body),
        }

    # --- what one can do ------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        if obj.state in operations.RESENDABLE and obj.subscription.state == Subscription.State.ACTIVE:
            return ("resend", "cancel") if obj.state == State.HELD else ("resend",)
        waits = obj.state in (State.PENDING, State.HELD) and obj.claim is None
        return ("cancel",) if waits else ()

    @button("Send again")
    def resend(self, request: HttpRequest, obj: Delivery) -> None:
        self._resend(request, Delivery.objects.filter(pk=obj.pk))

    @button("Cancel")
    def cancel(self, request: HttpRequest, obj: Delivery) -> None:
        self._cancel(request, Delivery.objects.filter(pk=obj.pk))

    @admin.action(description="Send again", permissions=["operate"])
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._resend(request, self._plain(request, queryset))

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._cancel(request, self._plain(request, queryset))

    def _plain(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """What was chosen, as far as it may be operated on, without the list's joins."""
        return Delivery.objects.filter(pk__in=list(self.writable(request, chosen).values_list("pk", flat=True)))

    def _resend(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        able = chosen.filter(state__in=operations.RESENDABLE, subscription__state=Subscription.State.ACTIVE)
        self._tell(request, chosen, able, operations.resend, _RESENT)

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
        rows = list(able.only("pk"))
        count = do(Delivery.objects.filter(pk__in=[row.pk for row in rows]))
        user_id: Any = request.user.pk
        if rows:
            LogEntry.objects.log_actions(user_id, rows, CHANGE, change_message=history)
            self._audit_many(request, rows, history)
        left = chosen.count() - count
        told = [f"{_webhooks(count)} {done}."] if count else []
        told += [f"{_webhooks(left)} not: {why_not}"] if left or not count else []
        self.message_user(request, " ".join(told), messages.SUCCESS if count else messages.WARNING)

    def _audit_many(self, request: HttpRequest, rows: list[Delivery], history: str) -> None:
        """One entry for each company and not for each row: fifty rows are one act."""
        counts = Counter(Delivery.objects.filter(pk__in=[row.pk for row in rows]).values_list("company_id", flat=True))
        for company_id, count in counts.items():
            obj = self.get_queryset(request).get(pk=rows[0].pk) if len(rows) == 1 else None
            actor = trail.Actor.person(request.user)
            trail.record(actor, history.rstrip("."), obj, company=company_id, detail=_webhooks(count))


_RESENT = ("on the way again", "Sent again.", "on its way already, or its subscription is not active.")
_CANCELLED = ("cancelled", "Cancelled.", "done already, or being sent at this moment.")


def _webhooks(count: int) -> str:
    return "1 webhook" if count == 1 else f"{count} webhooks"


def _shown(attempt: Attempt) -> dict[str, Any]:
    good = attempt.outcome == Attempt.Outcome.DELIVERED
    tone = "good" if good else "quiet" if attempt.outcome == Attempt.Outcome.LOST else "bad"
    return {
        "number": attempt.number,
        "badge": words.badge(words.attempt(attempt), tone),
        # Beside an answer's code, what the client made of it; without an answer the badge says it all.
        "message": attempt.message if attempt.status_code else "",
        "at": words.when(attempt.started_at),
        "took": words.took(attempt.duration_ms),
        "url": attempt.url,
        "status": attempt.status_code,
        "request_headers": attempt.request_headers,
        "response_headers": attempt.response_headers,
        "response": bodies.text(bytes(attempt.response_body)),
        "truncated": attempt.response_truncated,
    }
