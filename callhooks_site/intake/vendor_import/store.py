"""Writes what came from the vendor. Everything can be written twice: the vendor's ids, numbers and names are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import exceptions

from callhooks_site.vendor_api.tracker_sources import from_object
from calls.api.serializers import CallSerializer
from calls.ingestion.batch import create_missing_calls
from calls.models import Person, Tag, Tracker
from calls.phones import normalise_if_number
from calls.tagging import find_or_make_tags, get_or_make_tag
from forms_intake.api.serializers import FormSubmissionSerializer
from forms_intake.ingestion import record_form
from messaging.api.serializers import TextMessageSerializer
from messaging.ingestion import record_text
from messaging.models import Thread
from subscriptions.api.kit.serializers import shared_serializer
from subscriptions.models import Company

from . import mapping

Row = Mapping[str, Any]


@dataclass
class Counts:
    new: int = 0
    known: int = 0
    wrong: list[str] = field(default_factory=list)  # what was refused, and why

    def add(self, new: bool) -> None:
        if new:
            self.new += 1
        else:
            self.known += 1


def store_trackers(company: Company, rows: Iterable[Row]) -> Counts:
    counts = Counts()
    for row in rows:
        for number in row.get("tracking_numbers") or []:
            flow = row.get("call_flow") or {}
            values = {
                "name": str(row.get("name") or number)[:200],
                "source": from_object(row.get("source"))[:200],
                "destination_number": normalise_if_number(
                    str(row.get("destination_number") or flow.get("destination_number") or ""), region=company.region
                ),
                "active": row.get("status") != "disabled",
            }
            counts.add(_tracker(company, str(number), values))
    return counts


def _tracker(company: Company, number: str, values: Mapping[str, Any]) -> bool:
    phone = normalise_if_number(number, region=company.region)
    if not phone:
        return False
    _, new = Tracker.objects.get_or_create(company=company, phone_number=phone, defaults=dict(values))
    return new


def store_tags(company: Company, rows: Iterable[Row]) -> Counts:
    counts = Counts()
    for row in rows:
        level = row.get("tag_level") if row.get("tag_level") in Tag.Level.values else Tag.Level.COMPANY.value
        color = str(row.get("background_color") or row.get("color") or "gray1")[:20]
        name = str(row["name"])[:100]
        tag, new = get_or_make_tag(company=company, name=name, level=str(level), color=color)
        if new and row.get("status") == "disabled":
            Tag.objects.filter(pk=tag.pk).update(active=False)
        counts.add(new)
    return counts


def store_calls(company: Company, rows: Sequence[Row], *, publish: bool) -> Counts:
    counts, items = Counts(), []
    for number, name in {(row.get("tracking_phone_number"), row.get("source_name")) for row in rows}:
        if number:  # one that was given back is no tracker any more, but its calls stay
            _tracker(company, str(number), {"name": str(name or number)[:200], "active": False})
    for row in rows:
        try:
            values = mapping.call_values(row)
            if values is not None:
                items.append(shared_serializer(CallSerializer).accept(values, company=company))
        except (exceptions.ValidationError, ValueError, KeyError, TypeError) as error:
            counts.wrong.append(_words("call", row, error))
    for result in create_missing_calls(company=company, items=items, publish=publish):
        if result.error is not None:
            counts.wrong.append(f"call: {result.error}")
        else:
            counts.add(result.new)
    return counts


def store_forms(company: Company, rows: Sequence[Row], *, publish: bool) -> Counts:
    counts = Counts()
    for row in rows:
        try:
            values = shared_serializer(FormSubmissionSerializer).accept(mapping.form_values(row))
            form, new = record_form(company=company, data=values, publish=publish)
        except (exceptions.ValidationError, ValidationError, ValueError, KeyError, TypeError) as error:
            counts.wrong.append(_words("form", row, error))
            continue
        counts.add(new)
        if new:
            said = mapping.what_people_said(row)
            said.pop("lead_status_by", None)
            form.note = str(row.get("note") or "")
            for name, value in said.items():
                setattr(form, name, value)
            form.save(update_fields=["note", *said])
            form.tags.set(find_or_make_tags(company, [str(name) for name in row.get("tags") or []]))
    return counts


def store_texts(company: Company, conversation: Row, messages: Sequence[Row], *, publish: bool) -> Counts:
    counts = Counts()
    _tracker(company, mapping.tracking_number(conversation), {"name": mapping.tracking_number(conversation)})
    # Oldest first: the conversation grows as it did.
    for message in reversed(messages):
        try:
            values = shared_serializer(TextMessageSerializer).accept(
                mapping.text_values(message, conversation), company=company
            )
            _, new = record_text(company=company, data=values, publish=publish)
        except (exceptions.ValidationError, ValidationError, ValueError, KeyError, TypeError) as error:
            counts.wrong.append(_words("text", message, error))
        else:
            counts.add(new)
    name = str(conversation.get("customer_name") or "")[:200]
    if name:
        phone = normalise_if_number(str(conversation.get("customer_phone_number") or ""), region=company.region)
        Person.objects.filter(company=company, phone=phone, name="").update(name=name)
    return counts


def store_threads(company: Company, rows: Iterable[Row]) -> Counts:
    """Notes, tags, value and state of text threads that are here."""
    counts = Counts()
    for row in rows:
        thread = Thread.objects.filter(
            company=company,
            tracker__phone_number=normalise_if_number(mapping.tracking_number(row), region=company.region),
            person__phone=normalise_if_number(str(row.get("customer_phone_number") or ""), region=company.region),
        ).first()
        if thread is None:
            continue
        said = mapping.what_people_said({**row, "lead_status": row.get("lead_qualification")})
        said.pop("lead_status_by", None)
        thread.note, thread.archived = str(row.get("notes") or ""), row.get("state") == "archived"
        for name, value in said.items():
            setattr(thread, name, value)
        thread.save(update_fields=["note", "archived", *said])
        thread.tags.set(find_or_make_tags(company, [str(name) for name in row.get("tags") or []]))
        counts.add(False)
    return counts


def _words(kind: str, row: Row, error: Exception) -> str:
    return f"{kind} {row.get('id')}: {str(getattr(error, 'detail', error))[:300]}"
