"""The shape of a subscription's bodies: choose it, see a real event before and after, and save it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ..events import catalogue, stored_bodies, versions
from ..events.shapes import building, fields, storing, words
from ..events.shapes.about import About
from ..events.shapes.formats import CHATS
from ..lib.ids import uuid7
from ..models import Event, Subscription
from .kit import bodies, times
from .kit.buttons import ButtonsAdmin, button
from .shape_form import ShapeForm

SAMPLE_CHANGES = ["tags", "note"]


@dataclass(frozen=True)
class Row:
    """A key of the body before, its value as JSON, and its name and value after; None: it is left out."""

    key: str
    before: str
    name: str | None
    after: str | None

    @property
    def note(self) -> str:
        """How they differ, in words; empty if they do not."""
        if self.after is None:
            return "left out"
        said = []
        if self.after != self.before:
            said.append("emptied" if self.after in ('""', "[]", "null") else "masked")
        if self.name != self.key:
            said.append(f"now {self.name}")
        return ", ".join(said)


@dataclass(frozen=True)
class Sample:
    """An event to show a shape on. `event` is None where there is none yet, and the data are invented."""

    type: str
    body: bytes
    about: About
    event: Event | None


class ShapeAdmin(ButtonsAdmin):
    @button("Body and format…", opens_page=True, more=True)
    def shape(self, request: HttpRequest, obj: Subscription) -> HttpResponse | None:
        events = [event_type.name for event_type in _types_of(obj)]
        posted = request.method == "POST"
        form = ShapeForm(request.POST if posted else None, shape=obj.shape, events=events)
        if posted and form.is_valid() and (why := self._why_no_batches(obj, form.cleaned_data["shape"])):
            form.add_error("format", why)
        if posted and form.is_valid() and "_save" in request.POST:
            self._save_shape(request, obj, form.cleaned_data["shape"])
            return None
        shown = form.cleaned_data.get("shape") if form.is_bound else obj.shape
        chosen = (request.POST if posted else request.GET).get("event", "")
        return self.render_page(request, obj, "shape.html", {"form": form, **_preview(obj, shown, chosen)})

    def _why_no_batches(self, obj: Subscription, shape: dict[str, Any] | None) -> str:
        obj.shape, before = shape, obj.shape
        why = obj.why_no_batches()
        obj.shape = before
        return why

    def _save_shape(self, request: HttpRequest, obj: Subscription, shape: dict[str, Any] | None) -> None:
        Subscription.objects.filter(pk=obj.pk).update(shape=shape, updated_at=timezone.now())
        self.log_change(request, obj, f"Changed body and format. {words.sentence(shape)}")
        text = f"New events: {words.sentence(shape)} What waits, and what is sent again, keeps its body."
        self.message_user(request, text, messages.SUCCESS)


def _types_of(obj: Subscription) -> list[catalogue.EventType]:
    return [event_type for event_type in catalogue.all_types() if event_type.name in obj.events]


def _preview(obj: Subscription, shape: Mapping[str, Any] | None, chosen: str) -> dict[str, Any]:
    offered = _types_of(obj)
    sample = _find_sample(obj, chosen if chosen in obj.events else "")
    if sample is None:
        return {"offered": offered, "chosen": "", "rows": []}
    shaped = building.build(shape or {}, sample.body, sample.about)
    chats = shape is not None and shape.get("format") in CHATS
    rows = [] if chats else compare(sample.body, shape or {}, sample.type)
    return {
        "message": building.message(shape or {}, sample.body, sample.about) if chats else None,
        "offered": offered,
        "chosen": sample.type,
        "label": catalogue.label(sample.type),
        "event": sample.event,
        "at": times.time_tag(sample.event.created_at) if sample.event is not None else "",
        "rows": rows,
        "different": sum(bool(row.note) for row in rows),
        "after": bodies.pretty(shaped.body),
        "headers": shaped.headers,
        "size": len(shaped.body),
        "size_before": len(sample.body),
    }


def compare(body: bytes, shape: Mapping[str, Any], event_type: str) -> list[Row]:
    """The keys of a body in their order, with what the shape makes of them."""
    before = json.loads(body)
    after = fields.apply(before, shape, event_type)
    names = shape.get("rename", {})
    rows = []
    for key, value in before.items():
        name = names.get(key, key)
        sent = name in after
        rows.append(Row(key, _json(value), name if sent else None, _json(after[name]) if sent else None))
    return rows


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _find_sample(obj: Subscription, chosen: str) -> Sample | None:
    """The newest event of the chosen type, or of any type that this subscription gets; else an example."""
    rows = Event.objects.filter(company=obj.company_id, test=False)
    newest = [
        event
        for name in ([chosen] if chosen else obj.events)
        if (event := rows.filter(type=name).order_by("-created_at", "-id").first()) is not None
    ]
    if newest:
        event = max(newest, key=lambda one: one.created_at)
        body = stored_bodies.read_bodies(event).get(obj.payload_version) or _build_again(event, obj.payload_version)
        if body:
            return Sample(event.type, body, storing.about(event), event)
    for name in [chosen] if chosen else obj.events:
        example = catalogue.build_example(catalogue.get(name), obj.company, obj.payload_version)
        if example is not None:
            subject, body = example
            at = timezone.now().isoformat()
            company, link = obj.company, catalogue.link_of(name, subject.resource_id)
            about = About(uuid7(), name, subject.resource_id, company.resource_id, 1, at, company.name, link)
            return Sample(name, body, about, None)
    return None


def _build_again(event: Event, version: str) -> bytes:
    """The body of an event in a version that nobody wanted when it happened, with what is known now."""
    definition = catalogue.get(event.type)
    subject = catalogue.kind(catalogue.kind_of(event.type)).read(event.subject_id)
    if subject is None:
        return b""
    changes = None if definition.once else SAMPLE_CHANGES
    return catalogue.build_body(definition, subject, changes, versions.get(version).name)
