"""What an erasure or an export would concern, counted along indexes before it is asked for."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from calls.models import Call
from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from subscriptions.models import Delivery, Event

from .who import Who

MOST = 10_000  # counted of a kind; a robot may have called a million times


def count(who: Who) -> dict[str, int]:
    """By kind; MOST stands for as many or more. Not counted is what only names the person: that is found by reading
    everything."""
    calls = Call.objects.filter(person__in=who.people)
    texts = TextMessage.objects.filter(thread__person__in=who.people)
    forms = FormSubmission.objects.filter(person__in=who.people)
    ids = [one for rows in (calls, texts, forms) for one in rows.values_list("resource_id", flat=True)[:MOST]]
    events = Event.objects.filter(subject_id__in=ids)
    waiting = Delivery.objects.filter(
        event__subject_id__in=ids, state__in=(Delivery.State.PENDING, Delivery.State.HELD)
    )
    return {
        "calls": _count(calls),
        "recordings": _count(calls.exclude(recording_url="")),
        "texts": _count(texts),
        "forms": _count(forms),
        "webhooks": _count(events),
        "webhooks_waiting": _count(waiting),
    }


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[:MOST].count()
