"""The webhooks about a call, a text or a form: a row for each event, a column for each subscription, and a button where
something can be sent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from ...events import catalogue
from ...models import Delivery, Event, Subscription
from . import bodies, labels, times

MOST_EVENTS = 100  # on a page
MOST_DELIVERIES = 1_000  # read for a page: a company can have thousands of subscriptions to each event
MOST_COLUMNS = 4  # more subscriptions become one column: “3 of 5 delivered”

SEND_NOW, SEND_AGAIN = "send_now", "send_again"
_WORDS = {SEND_NOW: "Send now", SEND_AGAIN: "Send again"}
# What a row is about, if its deliveries differ: the first of these tones that one of them has.
_WORST_FIRST = ("bad", "warn", "busy", "quiet", "good")


class Sender(Protocol):
    """The admin page of deliveries, whose actions these are."""

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool: ...
    def resend_rows(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None: ...
    def send_rows_now(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None: ...


@dataclass(frozen=True)
class Cell:
    """A delivery. `tries`: attempts, where there was more than one; `why`: it was not delivered; `words`: for screen
    readers, in which a column says nothing."""

    pk: int
    words: str
    state: str
    tries: str
    why: str


@dataclass
class Row:
    """An event. `action`: what its button does, or empty. `cells`: by column, None where nothing was asked for."""

    pk: Any
    label: str
    changes: list[str]
    at: str
    cells: list[Cell | None] = field(default_factory=list)
    summary: str = ""
    action: str = ""

    @property
    def button(self) -> str:
        return _WORDS.get(self.action, "")


@dataclass(frozen=True)
class Table:
    """`columns`: names of subscriptions; empty if they are too many for a column each."""

    columns: list[str]
    rows: list[Row]

    @property
    def has_buttons(self) -> bool:
        return any(row.action for row in self.rows)


def read_table(subject: Any, *, may_send: bool) -> Table:
    events = Event.objects.filter(subject_id=subject.resource_id, company_id=subject.company_id)
    shown = list(events.order_by("-sequence")[:MOST_EVENTS])
    found = Delivery.objects.filter(event__in=shown).select_related("subscription__health")
    found = found.defer("subscription__secret", "subscription__previous_secret")
    of_event: dict[Any, list[Delivery]] = defaultdict(list)
    for delivery in list(found.order_by("-pk")[:MOST_DELIVERIES] if shown else ()):
        of_event[delivery.event_id].append(delivery)
    to = {one.subscription_id: one.subscription for several in of_event.values() for one in several}
    columns = sorted(to.values(), key=lambda one: (one.name.lower(), one.pk)) if len(to) <= MOST_COLUMNS else []
    return Table(
        [one.name for one in columns],
        [_row(event, of_event[event.pk], columns, may_send=may_send) for event in shown],
    )


def send(sender: Sender, request: HttpRequest, subject: Any, event: Any, action: str) -> None:
    """Send what the button of this event's row offered."""
    chosen = Delivery.objects.filter(
        event=event, event__subject_id=subject.resource_id, company_id=subject.company_id
    )  # of this subject only, whatever was asked
    if action == SEND_NOW:
        sender.send_rows_now(request, chosen.filter(state=Delivery.State.PENDING))
    else:
        sender.resend_rows(request, chosen.filter(state=Delivery.State.FAILED))


def _row(event: Event, deliveries: list[Delivery], columns: list[Subscription], *, may_send: bool) -> Row:
    by_column = {one.subscription_id: one for one in reversed(deliveries)}
    cells = [_cell(by_column[one.pk]) if one.pk in by_column else None for one in columns]
    return Row(
        event.pk,
        catalogue.label(event.type),
        bodies.list_changes(bytes(event.body)),
        times.time_tag(event.created_at),
        cells,
        _summarise(deliveries),
        _find_action(deliveries) if may_send else "",
    )


def _cell(delivery: Delivery) -> Cell:
    state = labels.badge(labels.state_label(delivery), labels.state_tone(delivery))
    tries = labels.attempts_label(delivery) if delivery.attempts > 1 else ""
    why = labels.outcome_label(delivery) if delivery.state != Delivery.State.DELIVERED else ""
    words = f"{delivery.subscription.name}: {labels.state_label(delivery)}"
    words += f", attempts: {tries}" if tries else ""
    return Cell(delivery.pk, words, state, tries, why)


def _summarise(deliveries: list[Delivery]) -> str:
    """`2 of 3 delivered`, `1 of 3 failed`: the worst of them, with how many it is true of."""
    if not deliveries:
        return format_html('<span class="quiet">{}</span>', "Nobody asked for it")
    tones = [labels.state_tone(one) for one in deliveries]
    worst = next(tone for tone in _WORST_FIRST if tone in tones)
    first = next(one for one, tone in zip(deliveries, tones, strict=True) if tone == worst)
    words = labels.state_label(first)
    if len(deliveries) == 1:
        return labels.badge(f"{words}: {first.subscription.name}", worst)
    return labels.badge(f"{tones.count(worst)} of {len(deliveries)} {words.lower()}", worst)


def _find_action(deliveries: list[Delivery]) -> str:
    active = [one for one in deliveries if one.subscription.state == Subscription.State.ACTIVE]
    if any(_waits(one) for one in active):
        return SEND_NOW
    return SEND_AGAIN if any(one.state == Delivery.State.FAILED for one in active) else ""


def _waits(delivery: Delivery) -> bool:
    """Whether it is due later: otherwise it is being sent as it is."""
    if delivery.state != Delivery.State.PENDING or delivery.claim is not None or delivery.due_at is None:
        return False
    return max(delivery.due_at, labels.paused_until(delivery) or delivery.due_at) > timezone.now()
