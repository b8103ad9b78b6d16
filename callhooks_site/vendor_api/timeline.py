"""What a person did, in order: calls, forms and texts. Each kind is read along its own index, and only as far as the
page needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from calls.call_states import seconds
from calls.models import Call, Person, Tag
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread

from .shapes import Context, local, utc

Place = tuple[datetime, str, int]  # time, kind, key
CALL, FORM, SMS = "call", "form_submission", "sms"
CLICK_IDS = ("gclid", "gbraid", "wbraid", "msclkid", "fbclid")
ALWAYS = ("type", "id", "event_date")


class Timeline:
    def __init__(self, person: Person) -> None:
        self.person = person
        merged = Person.objects.filter(merged_into=person).values_list("pk", flat=True)
        self._people = [person.pk, *merged]
        threads = list(Thread.objects.filter(person__in=self._people).values_list("pk", flat=True))
        self._rows: dict[str, tuple[QuerySet[Any], str]] = {
            CALL: (Call.objects.filter(person__in=self._people, spam=False).order_by(), "start_time"),
            FORM: (FormSubmission.objects.filter(person__in=self._people).order_by(), "submitted_at"),
            SMS: (TextMessage.objects.filter(thread__in=threads).order_by(), "sent_at"),
        }
        self.counts = {kind: rows.count() for kind, (rows, _) in self._rows.items()}
        self.total = sum(self.counts.values())

    def page(self, first: int, size: int, *, newest_first: bool) -> list[Place]:
        parts = [self._places(kind, first + size, newest_first) for kind in self._rows if self.counts[kind]]
        return list(islice(merge(*parts, reverse=newest_first), first, first + size))

    def _places(self, kind: str, most: int, newest_first: bool) -> Iterable[Place]:
        rows, column = self._rows[kind]
        sign = "-" if newest_first else ""
        found = rows.order_by(f"{sign}{column}", f"{sign}pk").values_list(column, "pk")[:most]
        return [(time, kind, key) for time, key in found]

    def show(self, places: list[Place], context: Context) -> list[dict[str, Any]]:
        rows = {kind: self._loaded(kind, [key for _, of, key in places if of == kind]) for kind in self._rows}
        shows: dict[str, Callable[[Any, Context], dict[str, Any]]] = {CALL: _call, FORM: _form, SMS: _text}
        return [
            {"type": kind, "id": rows[kind][key].resource_id, "event_date": utc(time)}
            | shows[kind](rows[kind][key], context)
            for time, kind, key in places
            if key in rows[kind]
        ]

    def _loaded(self, kind: str, keys: list[int]) -> dict[int, Any]:
        related = {CALL: ["tracker"], FORM: [], SMS: ["tracker", "thread"]}[kind]
        return self._rows[kind][0].select_related(*related).in_bulk(keys) if keys else {}

    def lead(self, context: Context) -> dict[str, Any]:
        person = self.person
        ends = [self.page(0, 1, newest_first=way) for way in (False, True)]
        first, last = (self._touch(end[0]) if end else None for end in ends)
        latest = Call.objects.filter(person__in=self._people, spam=False).order_by("-start_time", "-pk").first()
        tags = (
            Tag.objects.filter(calls__person__in=self._people, company_id=person.company_id)
            .distinct()
            .order_by("name")[:100]
        )
        clicks = {name: getattr(latest, name, "") or None for name in CLICK_IDS}
        return {
            "customer_name": person.name or (latest.customer_name if latest else "") or None,
            "customer_phone_number": person.phone or None,
            "total_interactions": self.total,
            "first_touch": first,
            "last_touch": last,
            "lead_creation": {**(first or {}), "lead_creation_time": utc(person.created_at)},
            "lead_qualification": {"status": (latest.lead_status if latest else "") or None},
            "tags": [{"id": tag.pk, "name": tag.name, "color": tag.color} for tag in tags],
            "convert_assist": None,
            "voice_assist": False,
            "transcript": Call.objects.filter(person__in=self._people).exclude(transcription_text="").exists(),
            **{name: (getattr(latest, name) if latest else "") or None for name in ("source", "medium", "campaign")},
            "landing_page_url": (latest.landing_page_url if latest else "") or None,
            "referrer_url": (latest.referring_url if latest else "") or None,
            "click_id": clicks if any(clicks.values()) else None,
        }

    def _touch(self, place: Place) -> dict[str, Any]:
        time, kind, key = place
        row = self._loaded(kind, [key])[key]
        return {
            "touchpoint_type": kind,
            "source": getattr(row, "source", "") or None,
            "medium": getattr(row, "medium", "") or None,
            "created_at": utc(time),
        }


def limited(event: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """With `fields` an event has what they name, and always its type, id and date."""
    return {name: value for name, value in event.items() if name in names or name in ALWAYS} if names else event


def _call(call: Call, context: Context) -> dict[str, Any]:
    recording = f"{context.base}/calls/{call.resource_id}/recording.json" if call.recording_url else None
    return {
        "customer_name": call.customer_name or None,
        "customer_phone_number": call.customer_phone_number or None,
        "direction": call.direction,
        "duration": seconds(call),
        "answered": call.answered,
        "recording": recording,
        "start_time": local(call.start_time, context),
        "tracking_phone_number": call.tracker.phone_number,
    }


def _form(form: FormSubmission, context: Context) -> dict[str, Any]:
    return {
        "form_name": None,
        "form_url": form.form_url or None,
        "form_fields": form.form_data,
        "form_submission_url": f"{context.base}/form_submissions/{form.resource_id}.json",
    }


def _text(text: TextMessage, context: Context) -> dict[str, Any]:
    return {
        "message_content": text.content,
        "message_phone_number": text.tracker.phone_number,
        "message_type": "mms" if text.media_urls else "sms",
        "thread_id": text.thread.resource_id,
    }
