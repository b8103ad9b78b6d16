"""The payload version of a subscription: what a switch changes, side by side, and the button that does it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ..events import catalogue, versions
from ..models import Event, Subscription
from .kit import times
from .kit.buttons import ButtonsAdmin, button

LOOKED_AT = 100  # of the company's newest events, for one of a type that the subscription gets
SAMPLE_CHANGES = ["tags", "note"]


@dataclass(frozen=True)
class Row:
    """A key of the bodies, with its value in each as JSON; None: it is not in this one."""

    name: str
    left: str | None
    right: str | None
    moved: bool = False

    @property
    def note(self) -> str:
        """How they differ, in words; empty if they do not."""
        if self.left is None:
            return "new"
        if self.right is None:
            return "gone"
        if self.left != self.right:
            return "another value"
        return "in another place" if self.moved else ""


def compare(left: bytes, right: bytes) -> list[Row]:
    """The keys of both bodies, in the order of the right one; those only in the left one where they were."""
    old, new = json.loads(left), json.loads(right)
    rows: list[Row] = []
    for kind, a, b, c, d in SequenceMatcher(None, list(old), list(new), autojunk=False).get_opcodes():
        if kind != "equal":
            rows += [Row(name, _json(old[name]), None) for name in list(old)[a:b] if name not in new]
        for name in list(new)[c:d]:
            rows.append(Row(name, _json(old[name]) if name in old else None, _json(new[name]),
                            moved=kind != "equal" and name in old))  # fmt: skip
    return rows


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class PayloadVersionAdmin(ButtonsAdmin):
    @button("Payload version…", opens_page=True, more=True)
    def payload_version(self, request: HttpRequest, obj: Subscription) -> HttpResponse | None:
        given = request.POST if request.method == "POST" else request.GET
        offered = [version for version in versions.all_versions() if version.name != obj.payload_version]
        chosen = next((each for each in offered if each.name == given.get("version")), None)
        if request.method == "POST" and chosen is not None:
            self._switch(request, obj, chosen)
            return None
        if request.method == "POST":
            self.message_user(request, "Choose a version other than the current one.", messages.ERROR)
        return self.render_page(request, obj, "payload_version.html", _context(obj, offered, chosen or offered[0]))

    def _switch(self, request: HttpRequest, obj: Subscription, chosen: versions.PayloadVersion) -> None:
        before = obj.payload_version
        Subscription.objects.filter(pk=obj.pk).update(payload_version=chosen.name)
        self.log_change(request, obj, f"Payload version {chosen.name} for new events. It was {before}.")
        text = f"New events are sent in version {chosen.label}. What waits, and what is sent again, keeps its version."
        self.message_user(request, text, messages.SUCCESS)


def _context(obj: Subscription, offered: list[versions.PayloadVersion], chosen: versions.PayloadVersion) -> Any:
    event, subject = _recent(obj)
    definition = catalogue.get(event.type if event is not None else obj.events[0])
    if subject is None:
        event, subject = None, definition.example(obj.company) if definition.example else None
    rows: list[Row] = []
    if subject is not None:
        changes = SAMPLE_CHANGES if definition.has_changes else None
        now, then = (
            catalogue.build_body(definition, subject, changes, version)
            for version in (obj.payload_version, chosen.name)
        )
        rows = compare(now, then)
    return {
        "offered": offered,
        "chosen": chosen,
        "current": versions.get(obj.payload_version),
        "label": definition.label,
        "event": event,
        "at": times.time_tag(event.created_at) if event is not None else "",
        "rows": rows,
        "different": sum(bool(row.note) for row in rows),
    }


def _recent(obj: Subscription) -> tuple[Event | None, Any]:
    """The company's newest event of a type that this subscription gets, and its subject; None where it is gone."""
    newest = Event.objects.filter(company=obj.company_id, test=False).defer("body").order_by("-created_at", "-id")
    event = next((each for each in newest[:LOOKED_AT] if each.type in obj.events), None)
    if event is None:
        return None, None
    return event, catalogue.kind(catalogue.kind_of(event.type)).read(event.subject_id)
