"""Everything about one person as one JSON document, written while it is read: its size does not matter.

It has what the company itself sees: the person's rows with all fields that say something, and each webhook about them
with its bodies and where it went. Some hundred rows or some megabytes are read at a time, in no transaction that lasts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Model, QuerySet

from calls.models import Call, Person
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.models import Company

from . import export_webhooks
from .export_webhooks import dumps
from .walking import Walk
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
    yield from _list("people", (dumps(_row(row)) for row in people.order_by("pk")))
    yield from _list("conversations", (dumps(_row(row)) for row in Thread.objects.filter(person__in=who.people)))
    kinds: tuple[tuple[str, QuerySet[Any], str], ...] = (
        ("calls", Call.objects.filter(person__in=who.people).select_related("tracker"), "start_time"),
        ("texts", TextMessage.objects.filter(thread__person__in=who.people).select_related("tracker"), "sent_at"),
        ("forms", FormSubmission.objects.filter(person__in=who.people), "submitted_at"),
    )
    for name, rows, time in kinds:
        yield f', "{name}": ['
        yield from _subjects(rows, time)
        yield "]"
    yield "}\n"


def _list(name: str, items: Iterable[str]) -> Iterator[str]:
    yield f', "{name}": ['
    for number, item in enumerate(items):
        yield (",\n" if number else "\n") + item
    yield "]"


def _subjects(rows: QuerySet[Any], time: str) -> Iterator[str]:
    walk, place, before = Walk(rows.model, (time, "pk"), most=READ), None, "\n"
    while True:
        keys, place = walk.next(rows, place)
        found = list(rows.filter(pk__in=keys).order_by(time, "pk"))
        events = export_webhooks.keys_of([row.resource_id for row in found])
        webhooks = export_webhooks.write(key for row in found for key in events.get(row.resource_id, ()))
        for row in found:
            tracker = getattr(row, "tracker", None)
            number = {"tracking_number": tracker.phone_number} if tracker is not None else {}
            tags = [tag.name for tag in row.tags.all()] if hasattr(row, "tags") else []
            more = {"tags": tags} if tags else {}
            yield before + dumps({**_row(row), **number, **more})[:-1] + ', "webhooks": ['
            before = ",\n"
            for number_of, _ in enumerate(events.get(row.resource_id, ())):
                yield ", " if number_of else ""
                yield from next(webhooks)
            yield "]}"
        if place is None:
            return


def _row(row: Model) -> dict[str, Any]:
    """The fields that say something."""
    return {
        field.name: value
        for field in row._meta.concrete_fields
        if field.name not in LEFT_OUT and not field.is_relation
        if (value := getattr(row, field.attname)) not in (None, "", [], {}, False)
    }
