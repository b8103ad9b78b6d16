"""The rows of the page in words: who, what happened, from where, and whether the webhooks arrived."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from calls.admin.names import names_of
from calls.call_states import call_type, seconds
from calls.callers import number_in_words
from calls.models import Call, Person
from calls.payloads.values import display_name, source_in_words
from calls.phones import formatted
from forms_intake.models import FormSubmission
from messaging.models import TextMessage

from .filters import first_call_back
from .kinds import CALL, FORM, KINDS, TEXT
from .names import typed_name
from .reading import Key
from .webhooks import Arrived, read_arrivals

LONGEST_QUOTE = 160  # characters of a text or an answer in a form
MINUTE, HOUR = 60, 3_600
_TONES = {"answered": "good", "in_progress": "busy", "missed": "bad", "voicemail": "warn"}
_WORDS = {"answered": "Answered", "in_progress": "In progress", "missed": "Missed", "voicemail": "Voicemail",
          "abandoned": "Abandoned"}  # fmt: skip
_CONTACTS = ("mail", "phone", "name", "tel")


@dataclass
class Row:
    """`label`: the kind in words, for those who do not see the icon. `state` and `tone`: of a call; `said`: of a text
    or a form. `more`: what is said quietly about it."""

    at: datetime
    kind: str
    pk: int
    subject_id: str
    icon: str
    label: str
    url: str
    who: str
    number: str
    person: int | None
    named: bool = True  # `who` is a name, not a number or an address
    state: str = ""
    tone: str = ""
    said: str = ""
    more: str = ""
    source: str = ""
    tracker: str = ""
    tags: tuple[str, ...] = ()
    seconds: int | None = None
    email: str = ""
    arrived: Arrived | None = None
    company: str = ""  # where rows of several are listed
    company_url: str = ""

    @property
    def person_url(self) -> str:
        return reverse("admin:calls_person_change", args=[self.person]) if self.person else ""


def read_rows(companies: Collection[int], keys: Collection[Key]) -> list[Row]:
    """Rows of these companies, in the order of the keys."""
    pks: dict[str, list[int]] = {kind.name: [] for kind in KINDS}
    for key in keys:
        pks[key.kind.name].append(key.pk)
    found: dict[tuple[str, int], Row] = {}
    if pks[CALL.name]:
        called_back = _called_back(pks[CALL.name])
        found |= {(CALL.name, call.pk): _call(call, called_back.get(call.pk)) for call in _calls(pks[CALL.name])}
    if pks[TEXT.name]:
        found |= {(TEXT.name, text.pk): _text(text) for text in _texts(pks[TEXT.name])}
    if pks[FORM.name]:
        found |= {(FORM.name, form.pk): _form(form) for form in _forms(pks[FORM.name])}
    _name_by_calls([row for row in found.values() if not row.named and row.person])
    # One that was deleted since is not there.
    rows = [found[key.kind.name, key.pk] for key in keys if (key.kind.name, key.pk) in found]
    arrived = read_arrivals(companies, [row.subject_id for row in rows]) if rows else {}
    for row in rows:
        row.arrived = arrived.get(row.subject_id)
    return rows


def _name_by_calls(rows: list[Row]) -> None:
    """Somebody whom no form has named has the name that their newest calls have."""
    names = names_of([row.person for row in rows if row.person]) if rows else {}
    for row in rows:
        if name := names.get(row.person or 0):
            row.who, row.number, row.named = name, row.who, True


def _calls(pks: list[int]) -> Any:
    shown = ("resource_id", "company", "direction", "start_time", "answered_at", "ended_at", "duration", "voicemail",
             "abandoned", "customer_phone_number", "customer_as_reported", "customer_name", "source",
             "tracker__name", "tracker__source", "person__name", "person__email", "person__merged_into__name",
             "person__merged_into__email")  # fmt: skip
    rows = Call.objects.filter(pk__in=pks).select_related("tracker", "person__merged_into")
    return rows.only(*shown).prefetch_related("tags")


def _texts(pks: list[int]) -> Any:
    rows = TextMessage.objects.filter(pk__in=pks).select_related("tracker", "thread__person__merged_into")
    return rows.prefetch_related("thread__tags")


def _forms(pks: list[int]) -> Any:
    rows = FormSubmission.objects.filter(pk__in=pks).select_related("person__merged_into").defer("milestones")
    return rows.prefetch_related("tags")


def _called_back(pks: list[int]) -> dict[int, datetime]:
    """When the people of calls that nobody answered were called back, or got through."""
    missed = Call.objects.filter(pk__in=pks, direction=Call.Direction.INBOUND, person__isnull=False)
    found = missed.filter(answered_at=None) | missed.filter(voicemail=True)
    rows = found.order_by().annotate(back=first_call_back()).values_list("pk", "back")
    return {pk: back for pk, back in rows if back is not None}


def _call(call: Call, back: datetime | None) -> Row:
    kind = "voicemail" if call.voicemail else "" if call.direction == Call.Direction.OUTBOUND else call_type(call)
    if not kind:
        kind = ("answered" if call.ended_at else "in_progress") if call.answered else "no_answer"
        kind = kind if call.ended_at else "in_progress"
    number = number_in_words(call)
    name = call.customer_name or _name(call.person)
    outbound = call.direction == Call.Direction.OUTBOUND
    missed = kind in ("missed", "abandoned")
    drawn = "phone-outgoing" if outbound else "phone-missed" if missed else "phone-incoming"
    label = f"{'Outbound' if outbound else 'Missed' if missed else 'Inbound'} call"
    if kind == "voicemail":
        drawn, label = "voicemail", "Voicemail"
    return Row(
        at=call.start_time,
        kind=CALL.name,
        pk=call.pk,
        subject_id=call.resource_id,
        icon=drawn,
        label=label,
        url=reverse("admin:calls_call_change", args=[call.pk]),
        who=name or number,
        number=number if name else "",
        person=call.person_id,
        named=bool(name),
        state=_WORDS.get(kind, "No answer"),
        tone=_TONES.get(kind, "quiet"),
        more=_length(call, kind, back),
        source=source_in_words(call),
        tracker=call.tracker.name,
        tags=tuple(tag.name for tag in call.tags.all()),
        seconds=seconds(call),
        email=_email(call.person),
    )


def _length(call: Call, kind: str, back: datetime | None) -> str:
    length = seconds(call)
    words = in_words(length) if length else ""
    if kind in ("answered", "in_progress"):
        return words
    if kind == "missed":
        rang = int((call.ended_at - call.start_time).total_seconds()) if call.ended_at else 0
        words = f"rang {in_words(rang)}" if rang > 0 else ""
    elif kind == "abandoned":
        words = f"after {words}" if words else ""
    elif kind != "voicemail":
        return words
    if not call.ended_at or kind == "abandoned":
        return words
    then = f"called back {_when(back, call.start_time)}" if back else "not called back yet"
    return f"{words}, {then}" if words else then[:1].upper() + then[1:]


def _when(back: datetime, call: datetime) -> str:
    local = timezone.localtime(back)
    same = local.date() == timezone.localtime(call).date()
    return f"{local:%H:%M}" if same else f"{local.day} {local:%b}, {local:%H:%M}"


def in_words(length: int) -> str:
    """`38 s`, `4 min 12 s`, `1 h 02 min`"""
    if length >= HOUR:
        return f"{length // HOUR} h {length % HOUR // MINUTE:02d} min"
    return f"{length // MINUTE} min {length % MINUTE:02d} s" if length >= MINUTE else f"{length} s"


def _text(text: TextMessage) -> Row:
    inbound = text.direction == TextMessage.Direction.INBOUND
    number = formatted(text.customer_phone_number)
    person = text.thread.person
    pictures = len(text.media_urls) if isinstance(text.media_urls, list) else 0
    files = "1 file" if pictures == 1 else f"{pictures} files" if pictures else ""
    return Row(
        at=text.sent_at,
        kind=TEXT.name,
        pk=text.pk,
        subject_id=text.resource_id,
        icon="message-square-text" if inbound else "message-square-reply",
        label="Text received" if inbound else "Text sent",
        url=reverse("admin:messaging_textmessage_change", args=[text.pk]),
        who=_name(person) or number,
        number=number if _name(person) else "",
        person=text.thread.person_id,
        named=bool(_name(person)),
        said=quote(text.content),
        more=files,
        source=display_name(text.tracker.source),
        tracker=text.tracker.name,
        tags=tuple(tag.name for tag in text.thread.tags.all()),
        email=_email(person),
    )


def _form(form: FormSubmission) -> Row:
    data = form.form_data if isinstance(form.form_data, dict) else {}
    typed = typed_name(data)
    person = form.person
    number = formatted(person.phone or person.main.phone) if person is not None else ""
    known = number or _email(person)
    answers = [str(text) for field, text in data.items() if not any(word in field.lower() for word in _CONTACTS)]
    said = quote(max(answers, key=len, default=""))
    return Row(
        at=form.submitted_at,
        kind=FORM.name,
        pk=form.pk,
        subject_id=form.resource_id,
        icon="clipboard-list",
        label="Form",
        url=reverse("admin:forms_intake_formsubmission_change", args=[form.pk]),
        who=(_name(person) or typed or known or "Unknown"),
        number=known if _name(person) or typed else "",
        person=form.person_id,
        named=bool(_name(person) or typed),
        said=said,
        more="" if said else form.form_url,
        source=display_name(form.source),
        tags=tuple(tag.name for tag in form.tags.all()),
        email=_email(person),
    )


def quote(text: str) -> str:
    words = " ".join(text.split())
    cut = words if len(words) <= LONGEST_QUOTE else f"{words[:LONGEST_QUOTE]}…"
    return f"“{cut}”" if cut else ""


def _name(person: Person | None) -> str:
    return (person.main.name or person.name) if person is not None else ""


def _email(person: Person | None) -> str:
    return (person.email or person.main.email) if person is not None else ""
