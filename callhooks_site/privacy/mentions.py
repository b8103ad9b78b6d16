"""Calls, texts, forms and webhooks of others in which the person is named: a number in somebody's note, an address in a
transcript. No index leads there, so all rows of the company are read through, some hundreds in a transaction.

Only the number and the address are taken out of a row; a webhook's body, which is frozen, is erased as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import Model
from django.db.models.expressions import RawSQL

from calls import events as call_events
from calls.models import Call
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.events import erasing
from subscriptions.models import Attempt, Event

from .columns import as_one_text, redacted
from .contacts import Contacts
from .models import Erasure
from .own import texts_of
from .subjects import erase_calls, note_events
from .walking import Walk

CALLS = Walk(Call, ("start_time", "pk"))
TEXTS = Walk(TextMessage, ("sent_at", "pk"))
FORMS = Walk(FormSubmission, ("submitted_at", "pk"))
THREADS = Walk(Thread)
# With what receivers answered: some kilobytes for each delivery.
EVENTS = Walk(Event, ("created_at", "pk"), more="20000 * coalesce(subscriptions_event.fan_out, 0)")

# A body is text of UTF-8; what is not ASCII has its place in it as \303 and so on.
_IN_BODIES = """
SELECT e.id FROM subscriptions_event e
 WHERE e.id = ANY (%(events)s) AND e.erased_at IS NULL
   AND (encode(e.body, 'escape') ~* %(pattern)s
        OR EXISTS (SELECT FROM subscriptions_eventbody b
                    WHERE b.event_id = e.id AND encode(b.body, 'escape') ~* %(pattern)s)
        OR EXISTS (SELECT FROM subscriptions_shapedbody b
                    WHERE b.event_id = e.id AND concat(encode(b.body, 'escape'), b.headers) ~* %(pattern)s))
"""
# Row by row along the index, said so: joined, the planner reads all attempts there are, and looks into each.
_IN_ATTEMPTS = """
WITH mine AS MATERIALIZED (
    SELECT id FROM subscriptions_delivery WHERE event_id = ANY (%(events)s)
)
SELECT a.id FROM mine CROSS JOIN LATERAL (
    SELECT t.id, concat_ws(' ', encode(t.response_body, 'escape'), t.request_headers, t.response_headers, t.message)
                 AS words
      FROM subscriptions_attempt t WHERE t.delivery_id = mine.id OFFSET 0) a
 WHERE a.words ~* %(pattern)s
"""


def calls(job: Erasure, contacts: Contacts) -> bool:
    """Whether all are read through. The same of the others."""
    return _step(job, contacts, CALLS, _redact_calls)


def texts(job: Erasure, contacts: Contacts) -> bool:
    return _step(job, contacts, TEXTS, _redact_rows)


def forms(job: Erasure, contacts: Contacts) -> bool:
    return _step(job, contacts, FORMS, _redact_rows)


def threads(job: Erasure, contacts: Contacts) -> bool:
    return _step(job, contacts, THREADS, _redact_rows)


def addresses(job: Erasure, contacts: Contacts) -> bool:
    """Conversations with an account of another channel that has the number in its name."""
    for thread in Thread.objects.filter(company=job.company_id, person=None, address__contains=":").order_by("pk"):
        if contacts.are_in(thread.address):
            return texts_of(thread, job, contacts)
    return True


def webhooks(job: Erasure, contacts: Contacts) -> bool:
    keys = _next(job, EVENTS)
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"events": keys, "pattern": contacts.sql_pattern}
        cursor.execute(_IN_BODIES, values)
        events = [row[0] for row in cursor.fetchall()]
        cursor.execute(_IN_ATTEMPTS, values)
        attempts = [row[0] for row in cursor.fetchall()]
    note_events(job, erasing.erase([event for event in events if _names(event, contacts)]))
    _empty_attempts(job, contacts, attempts)
    return job.cursor is None


def _names(event: Any, contacts: Contacts) -> bool:
    row = Event.objects.get(pk=event)
    bodies = [row.body, *(one.body for one in row.other_bodies.all())]
    shaped = list(row.shaped_bodies.all())
    return contacts.are_in([bytes(one) for one in bodies]) or any(
        contacts.are_in([bytes(one.body), one.headers]) for one in shaped
    )


def _empty_attempts(job: Erasure, contacts: Contacts, keys: list[int]) -> None:
    """Of webhooks that do not name the person themselves: an answer that does."""
    naming = [
        one.pk
        for one in Attempt.objects.filter(pk__in=keys)
        if contacts.are_in([bytes(one.response_body), one.request_headers, one.response_headers, one.message])
    ]
    emptied = Attempt.objects.filter(pk__in=naming).update(
        request_headers=[], response_headers=[], response_body=b"", message=""
    )
    job.add(attempts=emptied)


def _step(job: Erasure, contacts: Contacts, walk: Walk, redact: Callable[[Erasure, Contacts, list[Any]], None]) -> bool:
    keys = _next(job, walk)
    pattern = RawSQL(f"{as_one_text(walk.model)} ~* %s", [contacts.sql_pattern])
    found = list(walk.model._default_manager.filter(pk__in=keys).alias(named=pattern).filter(named=True).order_by("pk"))
    redact(job, contacts, found)
    return job.cursor is None


def _next(job: Erasure, walk: Walk) -> list[Any]:
    """What came in after the erasure was asked for is not looked at: it would go on for ever."""
    keys, job.cursor = walk.next(walk.rows(job.company_id, job.created_at), job.cursor)
    job.looked_through += len(keys)
    return keys


def _redact_calls(job: Erasure, contacts: Contacts, calls: list[Call]) -> None:
    own = [call for call in calls if contacts.are_in([call.customer_as_reported, call.customer_phone_number])]
    if own:  # such as a caller from sip:+12145550123@example.com, who is no person
        erase_calls(job, contacts, own)
    others = [call for call in calls if call not in own]
    _redact_rows(job, contacts, others)
    call_events.take_as_told([call.resource_id for call in others])


def _redact_rows(job: Erasure, contacts: Contacts, rows: list[Any]) -> None:
    for row in rows:
        if changed := redacted(row, contacts):
            _default(row).filter(pk=row.pk).update(**changed)
            job.add(mentions=1)


def _default(row: Model) -> Any:
    return type(row)._default_manager
