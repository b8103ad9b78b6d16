"""What the page of a call shows beside its form and its webhooks."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.db.models import Q
from django.urls import reverse

from subscriptions.admin.kit import times
from subscriptions.models import Subscription

from ..call_states import is_ringing, seconds
from ..callers import number_in_words
from ..models import Call, Person
from ..payloads import values
from ..phones import formatted
from . import contacts
from .columns import call_icon, call_kind, outcome_badge
from .talk import agent_name, draw_bars, first_name, read_talk, recording_seconds

CONTACTS_SHOWN = 6
CONTACTS_COUNTED = 100
MOST_SUBSCRIPTIONS = 100  # counted


def page_context(call: Call) -> dict[str, Any]:
    talk = read_talk(call)
    number = number_in_words(call)
    return {
        "title": call.customer_name or number,
        "subtitle": None,
        "call": call,
        "icon_name": call_icon(call_kind(call)),
        "began": times.day_tag(call.start_time),
        "number": number if call.customer_name else "",
        "tel": call.customer_phone_number,
        "where": values.location(call),
        "facts": _facts(call),
        "talk": talk,
        "recording": _recording(call),
        "recording_seconds": recording_seconds(call),
        "bars": draw_bars(call, talk),
        "agent": agent_name(call) or "Agent",
        "caller": first_name(call.customer_name) or "Caller",
        "save_note": _save_note(call),
        "came_from": _came_from(call),
        "newer_url": _neighbour(call, newer=True),
        "older_url": _neighbour(call, newer=False),
        **_contacts(call),
    }


def find_people(person: Person) -> list[int]:
    """The keys of all rows of this person, the main one first."""
    main = person.main
    return [main.pk, *Person.objects.filter(merged_into=main.pk).order_by("pk").values_list("pk", flat=True)]


def _neighbour(call: Call, *, newer: bool) -> str:
    """The page of the company's next call, by the index of its list; empty at the end."""
    way = "gt" if newer else "lt"
    # The pair as a condition of its own beside the time, which the index reads to the place.
    near = Call.objects.filter(company=call.company_id, **{f"start_time__{way}e": call.start_time})
    after = Q(**{f"start_time__{way}": call.start_time}) | Q(**{f"pk__{way}": call.pk})
    order = ("start_time", "pk") if newer else ("-start_time", "-pk")
    pk = near.filter(after).order_by(*order).values_list("pk", flat=True).first()
    return reverse("admin:calls_call_change", args=[pk]) if pk is not None else ""


def _came_from(call: Call) -> str:
    """`roof repair near me · Google Ads / cpc`"""
    channel = " / ".join(filter(None, (values.source_in_words(call), call.medium)))
    return " · ".join(filter(None, (call.keywords, channel)))


def _save_note(call: Call) -> str:
    """What saving sends; nothing is told of a call that has not ended."""
    active = Subscription.objects.filter(company=call.company_id, state=Subscription.State.ACTIVE)
    asking = active.filter(events__contains=["call_modified"]).order_by()[: MOST_SUBSCRIPTIONS + 1].count()
    if not asking or call.ended_at is None:
        return ""
    number = f"more than {MOST_SUBSCRIPTIONS}" if asking > MOST_SUBSCRIPTIONS else str(asking)
    return f"Saving a change sends Call Modified to {number} subscription{'' if asking == 1 else 's'}."


def _facts(call: Call) -> list[tuple[str, str, str]]:
    """What happened: a label, a value, and a quiet line below it."""
    return [
        ("Outcome", outcome_badge(call), _outcome_line(call)),
        ("Duration", _duration(call), _end_line(call)),
        ("Source", values.source_in_words(call) or "–", call.campaign),
        ("Tracking number", formatted(call.tracker.phone_number), call.tracker.name),
    ]


def _outcome_line(call: Call) -> str:
    if call.answered_at:
        agent, after = agent_name(call), int((call.answered_at - call.start_time).total_seconds())
        waited = f"after {times.format_length(after)}" if after > 0 else ""
        return ", ".join(filter(None, (f"by {agent}" if agent else "", waited)))
    if call.spam:
        return "Spam"
    return "Nobody picked up" if call_kind(call) == "missed" and call.ended_at else ""


def _duration(call: Call) -> str:
    if call.ended_at is None:
        return "Ringing" if is_ringing(call) else "Running"
    length = seconds(call)
    return times.format_length(length) if length and (call.answered or call.voicemail) else "–"


def _end_line(call: Call) -> str:
    if call.closed_as_stale_at is not None:
        return "The phone system never reported the end"
    return f"until {times.clock(call.ended_at)}" if call.ended_at else ""


def _recording(call: Call) -> dict[str, str] | None:
    if not call.recording_url:
        return None
    if urlsplit(call.recording_url).scheme not in ("http", "https"):
        return {"told": call.recording_url}
    link = urlsplit(values.recording_page(call, "recording-redirect"))
    return {
        # By our own link, which has the provider's login where it needs one; on the site that this page is on.
        "url": f"{link.path}?{link.query}",
        "heard": reverse("admin:calls_call_recording", args=[call.pk]),
    }


def reported_caller(call: Call) -> str:
    """`Number withheld (reported as anonymous)`"""
    number = number_in_words(call)
    if call.customer_phone_number or call.customer_as_reported in ("", number):
        return number
    return f"{number} (reported as {call.customer_as_reported})"


def _contacts(call: Call) -> dict[str, Any]:
    """Other contacts of the same person, the newest, with this call in its place among them."""
    if call.person_id is None:
        return {"contacts": [], "person_url": "", "reported_caller": reported_caller(call)}
    person = Person.objects.select_related("merged_into").get(pk=call.person_id)
    people = find_people(person)
    newest = contacts.read_places(people, most=CONTACTS_SHOWN)
    this = contacts.Place(call.start_time, "call", call.pk)
    if this not in newest:
        newest = [*newest[: CONTACTS_SHOWN - 1], this]
    total = contacts.count(people, most=CONTACTS_COUNTED)
    shown = contacts.draw(newest)
    name = person.main.name or call.customer_name or number_in_words(call)
    return {
        "contacts": [
            {"at": times.day_tag(place.at), "it": one, "place": place, "here": place == this} for place, one in shown
        ],
        "person_url": reverse("admin:calls_person_change", args=[person.main.pk]),
        "person_name": name,
        "person_first": first_name(person.main.name or call.customer_name) or name,
        "person_line": _count_words(total),
    }


def _count_words(total: contacts.Totals) -> str:
    if total.more:
        return f"More than {CONTACTS_COUNTED} contacts"
    return "First contact" if total.all == 1 else f"{total.all} contacts"
