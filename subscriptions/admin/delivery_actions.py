"""Buttons and bulk actions of deliveries: send again, send now, cancel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from ..endpoints import operations, resend_jobs
from ..models import Delivery, Subscription
from ..tenancy import audit_log
from .kit import labels
from .kit.buttons import ButtonsAdmin, button
from .kit.filters import SinceFilter
from .kit.logs import LogAdmin, all_pages_chosen
from .resend_form import BEGINNING

State = Delivery.State


@dataclass(frozen=True)
class Messages:
    """`done` and `skipped` follow the number of webhooks; `history` is the entry in the history and the audit log."""

    done: str
    history: str
    skipped: str


RESEND = Messages("will be sent again", "Sent again.", "already waiting, erased, or the subscription is not active.")
RESEND_REMOVED = Messages(
    RESEND.done,
    RESEND.history,
    "already waiting, erased, or the subscription is not active. If it was removed, add a new one for future events.",
)
SEND_NOW = Messages("will be sent now", "Sent now.", "finished, held, being sent, or the subscription is not active.")
CANCEL = Messages("cancelled", "Cancelled.", "already finished, or being sent.")


class DeliveryActionsAdmin(LogAdmin, ButtonsAdmin):
    actions = ("resend_selected", "send_now_selected", "cancel_selected")
    buttons = ("resend", "send_now", "cancel")

    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        able = obj.event.erased_at is None and obj.subscription.state == Subscription.State.ACTIVE
        if obj.state in operations.RESENDABLE and able:
            return ("cancel", "resend") if obj.state == State.HELD else ("resend",)
        if obj.state not in (State.PENDING, State.HELD) or obj.claim is not None:
            return ()
        later = obj.due_at is not None and max(obj.due_at, labels.paused_until(obj) or obj.due_at) > timezone.now()
        return ("cancel", "send_now") if later and obj.subscription.state == Subscription.State.ACTIVE else ("cancel",)

    @button("Send again", icon="rotate-cw", primary=True)
    def resend(self, request: HttpRequest, obj: Delivery) -> None:
        self.resend_rows(request, Delivery.objects.filter(pk=obj.pk))

    @button("Send now", icon="send", primary=True)
    def send_now(self, request: HttpRequest, obj: Delivery) -> None:
        self.send_rows_now(request, Delivery.objects.filter(pk=obj.pk))

    @button("Cancel", icon="ban")
    def cancel(self, request: HttpRequest, obj: Delivery) -> None:
        self._cancel(request, Delivery.objects.filter(pk=obj.pk))

    @admin.action(description="Send again", permissions=["operate"])
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self.resend_rows(request, self._operable(request, queryset))

    @admin.action(description="Send now", permissions=["operate"])
    def send_now_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self.send_rows_now(request, self._operable(request, queryset))

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._cancel(request, self._operable(request, queryset))

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """An action on all pages becomes a resend job, which shows the count first and can be cancelled."""
        again = {"resend_selected", "send_now_selected"} & set(request.POST.getlist("action"))
        if all_pages_chosen(request) and again and self.has_operate_permission(request):
            job = resend_query(request, [State.PENDING] if "send_now_selected" in again else operations.RESENDABLE)
            if job is not None:
                return HttpResponseRedirect(f"{reverse('admin:subscriptions_resendjob_add')}?{job}")
        return super().response_action(request, queryset)

    def _operable(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """The chosen rows that the user may operate on, without the joins of the list."""
        return Delivery.objects.filter(pk__in=list(self.writable(request, chosen).values_list("pk", flat=True)))

    def resend_rows(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        able = chosen.filter(
            state__in=operations.RESENDABLE, subscription__state=Subscription.State.ACTIVE, event__erased_at=None
        )
        removed = chosen.filter(subscription__state=Subscription.State.ARCHIVED).exists()
        self._run(request, chosen, able, operations.resend, RESEND_REMOVED if removed else RESEND)

    def send_rows_now(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        able = chosen.filter(state=State.PENDING, claim=None, subscription__state=Subscription.State.ACTIVE)
        self._run(request, chosen, able, operations.send_now, SEND_NOW)

    def _cancel(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        able = chosen.filter(state__in=(State.PENDING, State.HELD), claim=None)
        self._run(request, chosen, able, operations.cancel, CANCEL)

    def _run(
        self,
        request: HttpRequest,
        chosen: QuerySet[Delivery],
        able: QuerySet[Delivery],
        operation: Callable[[QuerySet[Delivery]], int],
        text: Messages,
    ) -> None:
        """Run the operation on the `able` ones of the chosen rows, record it, and report how many were skipped."""
        rows = list(able.only("pk", "company"))
        count = operation(Delivery.objects.filter(pk__in=[row.pk for row in rows]))
        user_id: Any = request.user.pk
        if rows:
            LogEntry.objects.log_actions(user_id, rows, CHANGE, change_message=text.history)
            _audit(request, rows, text.history)
        skipped = chosen.count() - count
        parts = [f"{_count_webhooks(count)} {text.done}."] if count else []
        parts += [f"{_count_webhooks(skipped)} skipped: {text.skipped}"] if skipped or not count else []
        self.message_user(request, " ".join(parts), messages.SUCCESS if count else messages.WARNING)


def _count_webhooks(count: int) -> str:
    return "1 webhook" if count == 1 else f"{count} webhooks"


def _audit(request: HttpRequest, rows: list[Delivery], act: str) -> None:
    """One entry for a single delivery; for several, one entry per company."""
    actor = audit_log.Actor.person(request.user)
    if len(rows) == 1:
        audit_log.record(actor, act.rstrip("."), rows[0])
        return
    for company_id, count in Counter(row.company_id for row in rows).items():
        audit_log.record(actor, act.rstrip("."), company=company_id, detail=f"{count} webhooks selected in the list")


def resend_query(request: HttpRequest, states: Sequence[str] = operations.RESENDABLE) -> str | None:
    """The query string that starts a resend with the filters of the list. `states` apply if the list shows all states.
    None if a resend does not support one of the filters."""
    asked = {name: value for name, value in request.GET.items() if value}
    if set(asked) - {"subscription", "state", "since", "company", "p"}:
        return None
    state, since = asked.get("state", ""), asked.get("since", "24h")
    if state and state not in resend_jobs.STATES:
        return None
    begin = timezone.now() - SinceFilter.spans[since] if since in SinceFilter.spans else BEGINNING
    query: dict[str, Any] = {"since": f"{timezone.localtime(begin):%Y-%m-%dT%H:%M:%S}"}
    query |= {"subscription": asked["subscription"]} if "subscription" in asked else {}
    query["states"] = [state] if state else [str(one) for one in states]
    return urlencode(query, doseq=True)
