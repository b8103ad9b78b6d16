"""Publish events after bulk writes, for which Django sends no signals: `bulk_create`, `update`.

Call `publish_changes` in the same transaction:

    with transaction.atomic():
        calls = Call.objects.filter(company=company, note="")
        ids = list(calls.values_list("resource_id", flat=True))
        calls.update(note="Imported")
        publish_changes(ids)

It compares each call with what was published, so you may pass any calls, changed or not. If an update forgets it, the
call's next save publishes the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db import connection, transaction
from django.db.models.expressions import DatabaseDefault

from . import events
from .models import Call, Person

# Calls per statement and transaction: locks are held briefly, and memory stays flat.
BATCH = 500

T = TypeVar("T")


def publish_changes(resource_ids: Iterable[str]) -> None:
    """Publish what is due for these calls, in the current transaction or in one of its own for each batch."""
    # Sorted, so that two of these in parallel do not deadlock over each other's batches.
    for batch in _batches(sorted(set(resource_ids))):
        events.publish_due(batch)


def create_calls(calls: Iterable[Call], *, publish: bool) -> int:
    """Insert unsaved calls in batches, each in a transaction of its own; checks them and finds their people.

    With `publish` each call fires what its state asks for, as if it had been saved: an ended one its post_call. Without
    it the calls count as published, and only later changes fire call_modified. Returns how many were created. Raises
    ValidationError before anything of the faulty call's batch is written.
    """
    made = 0
    for batch in _batches(calls):
        for call in batch:
            call.clean()
        with transaction.atomic():
            assign_people(batch)
            set_created_at(batch)
            Call.objects.bulk_create(batch)
            ids = [call.resource_id for call in batch]
            if publish:
                events.publish_due(ids)
            else:
                events.mark_as_published(ids)
        made += len(batch)
    return made


def assign_people(calls: Sequence[Call]) -> None:
    """Give unsaved calls their person: `Person.objects.lock_by_phone` for many, in two statements, in a transaction."""
    without = [call for call in calls if call.person_id is None and call.customer_phone_number]
    wanted = sorted({(call.company_id, call.customer_phone_number) for call in without})
    if len(wanted) < 2:
        for call in without:
            call.person = Person.objects.lock_by_phone(*wanted[0])
        return
    people = Person.objects.lock_by_phones(wanted)
    for call in without:
        call.person = people[call.company_id, call.customer_phone_number]


def set_created_at(calls: Sequence[Call]) -> None:
    """Give unsaved calls their `created_at`."""
    # With the column's own default Django would not use its faster way to insert many rows, twice as fast here.
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    for call in calls:
        if isinstance(call.created_at, DatabaseDefault):
            call.created_at = now


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
