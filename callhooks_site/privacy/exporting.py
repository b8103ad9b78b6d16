"""Everything about one person as one JSON document, written while it is read: its size does not matter.

It has what the company itself sees: the person's rows with all fields that say something, and each webhook about them
with its bodies and where it went. Some hundred rows are read at a time, in no transaction that lasts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet

from calls.models import Call, Person
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.models import Attempt, Company, Delivery, Event, Subscription

from .who import Who

READ = 200  # rows at a time
# Keys and secrets of ours, and what is derived from other fields.
LEFT_OUT = frozenset({"id", "company", "person", "recording_access_key", "field_timestamps", "field_order",
                      "merged_into"})  # fmt: skip


def write(company: Company, who: Who) -> Iterator[str]:
    """The document, in pieces."""
    about = {"company": company.resource_id, "phones": who.contacts.phones, "emails": who.contacts.emails}
    yield json.dumps(about)[:-1]
    people = Person.objects.filter(pk__in=who.people)
    yield from _list("people", (_row(row) for row in people.order_by("pk")))
    yield from _list("conversations", (_row(row) for row in Thread.objects.filter(person__in=who.people)))
    kinds: tuple[tuple[str, QuerySet[Any], str], ...] = (
        ("calls", Call.objects.filter(person__in=who.people).select_related("tracker"), "start_time"),
        ("texts", TextMessage.objects.filter(thread__person__in=who.people).select_related("tracker"), "sent_at"),
        ("forms", FormSubmission.objects.filter(person__in=who.people), "submitted_at"),
    )
    for name, rows, time in kinds:
        yield from _list(name, _subjects(rows, time))
    yield "}\n"


def _list(name: str, items: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield f', "{name}": ['
    first = True
    for item in items:
        yield ("\n" if first else ",\n") + json.dumps(item, cls=DjangoJSONEncoder, ensure_ascii=False)
        first = False
    yield "]"


def _subjects(rows: QuerySet[Any], time: str) -> Iterator[dict[str, Any]]:
    place: tuple[datetime, int] | None = None
    while True:
        after = rows
        if place is not None:
            at, pk = place
            after = rows.filter(Q(**{f"{time}__gt": at}) | Q(**{time: at, "pk__gt": pk}))
        found = list(after.order_by(time, "pk")[:READ])
        webhooks = _webhooks([row.resource_id for row in found])
        for row in found:
            tracker = getattr(row, "tracker", None)
            number = {"tracking_number": tracker.phone_number} if tracker is not None else {}
            tags = [tag.name for tag in row.tags.all()] if hasattr(row, "tags") else []
            more = {"tags": tags} if tags else {}
            yield {**_row(row), **number, **more, "webhooks": webhooks.get(row.resource_id, [])}
        if len(found) < READ:
            return
        place = (getattr(found[-1], time), found[-1].pk)


def _row(row: Model) -> dict[str, Any]:
    """The fields that say something."""
    return {
        field.name: value
        for field in row._meta.concrete_fields
        if field.name not in LEFT_OUT and not field.is_relation
        if (value := getattr(row, field.attname)) not in (None, "", [], {}, False)
    }


def _webhooks(subjects: list[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    events = Event.objects.filter(subject_id__in=subjects).order_by("subject_id", "sequence")
    events = events.prefetch_related("other_bodies", "shaped_bodies")
    deliveries: dict[Any, list[dict[str, Any]]] = {}
    rows = Delivery.objects.filter(event__in=[event.pk for event in events]).select_related("subscription")
    sent = list(rows.defer(*(f"subscription__{name}" for name in Subscription.ENCRYPTED)).order_by("pk"))
    attempts = _attempts([row.pk for row in sent])
    for row in sent:
        deliveries.setdefault(row.event_id, []).append(
            {"subscription": row.subscription.name, "state": row.state, "finished_at": row.finished_at,
             "attempts": attempts.get(row.pk, [])}
        )  # fmt: skip
    for event in events:
        stored: list[Any] = [*event.other_bodies.all(), *event.shaped_bodies.all()]
        bodies = [event.body, *(one.body for one in stored)]
        found.setdefault(event.subject_id, []).append(
            {"id": event.webhook_id, "type": event.type, "created_at": event.created_at,
             "bodies": [_body(bytes(one)) for one in bodies if one], "deliveries": deliveries.get(event.pk, [])}
        )  # fmt: skip
    return found


def _attempts(deliveries: list[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for one in Attempt.objects.filter(delivery__in=deliveries).order_by("delivery", "number"):
        found.setdefault(one.delivery_id, []).append(
            {"at": one.started_at, "host": urlsplit(one.url).hostname, "status_code": one.status_code,
             "answer": bytes(one.response_body).decode(errors="replace")}
        )  # fmt: skip
    return found


def _body(stored: bytes) -> Any:
    try:
        return json.loads(stored)
    except ValueError:
        return stored.decode(errors="replace")
