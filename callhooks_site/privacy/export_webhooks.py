"""The webhooks of an exported document: some megabytes of bodies in memory at a time, however large they are."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import IntegerField
from django.db.models.expressions import RawSQL

from subscriptions.models import Attempt, Delivery, Event, EventBody, ShapedBody, Subscription

MOST_BYTES = 5_000_000  # of events that are read at once: one transcript of the longest, or hundreds of usual events
ANSWER_BYTES = 20_000  # of a delivery: what receivers said

_SIZE = f"octet_length(subscriptions_event.body) + {ANSWER_BYTES} * subscriptions_event.fan_out"
Key = tuple[UUID, int]  # an event, and how much it is


def keys_of(subjects: Sequence[str]) -> dict[str, list[Key]]:
    """The events about each of these, in their order."""
    found: defaultdict[str, list[Key]] = defaultdict(list)
    rows = Event.objects.filter(subject_id__in=subjects).order_by("subject_id", "sequence")
    for subject, event, size in rows.annotate(size=RawSQL(_SIZE, (), IntegerField())).values_list(
        "subject_id", "pk", "size"
    ):
        found[subject].append((event, size))
    return found


def write(keys: Iterable[Key]) -> Iterator[Iterator[str]]:
    """For each event its JSON, in pieces."""
    for events in _in_parts(keys):
        rows = Event.objects.in_bulk(events)
        deliveries = _deliveries(events)
        for event in events:
            if (row := rows.pop(event, None)) is None:  # retention was here meanwhile
                yield iter(("null",))
            else:
                yield _pieces(row, deliveries.get(event, []))


def dumps(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _in_parts(keys: Iterable[Key]) -> Iterator[list[UUID]]:
    part: list[UUID] = []
    left = MOST_BYTES
    for event, size in keys:
        if part and size > left:
            yield part
            part, left = [], MOST_BYTES
        part.append(event)
        left -= size
    if part:
        yield part


def _pieces(event: Event, deliveries: list[dict[str, Any]]) -> Iterator[str]:
    about = {"id": event.webhook_id, "type": event.type, "created_at": event.created_at, "deliveries": deliveries}
    yield dumps(about)[:-1] + ', "bodies": ['
    first = True
    for body in _bodies(event):
        if body:
            yield ("" if first else ", ") + dumps(_read(bytes(body)))
            first = False
    yield "]}"


def _bodies(event: Event) -> Iterator[bytes | memoryview]:
    """One by one: a subscription with a shape has its own, and a hundred may."""
    yield event.body
    for model, name in ((EventBody, "version"), (ShapedBody, "subscription_id")):
        mine: Any = model._default_manager.filter(event=event.pk)
        for key in list(mine.order_by(name).values_list(name, flat=True)):
            yield from mine.filter(**{name: key}).values_list("body", flat=True)


def _deliveries(events: Sequence[UUID]) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = {}
    rows = Delivery.objects.filter(event__in=events).select_related("subscription")
    sent = list(rows.defer(*(f"subscription__{name}" for name in Subscription.ENCRYPTED)).order_by("pk"))
    attempts = _attempts([row.pk for row in sent])
    for row in sent:
        found.setdefault(row.event_id, []).append(
            {"subscription": row.subscription.name, "state": row.state, "finished_at": row.finished_at,
             "attempts": attempts.get(row.pk, [])}
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


def _read(stored: bytes) -> Any:
    try:
        return json.loads(stored)
    except ValueError:
        return stored.decode(errors="replace")
