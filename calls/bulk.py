"""The documented way for writes that pass signals by: `bulk_create`, `update`, imports.

Django sends no signals for those. They publish with `publish_changes`, in the same transaction:

    with transaction.atomic():
        calls = Call.objects.filter(company=company, note="")
        ids = list(calls.values_list("resource_id", flat=True))
        calls.update(note="Imported")
        publish_changes(ids)

It compares each call with what was told of it, so it may be given any calls, changed or not; and what an update left
untold is told by the call's next save.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db import connection, transaction
from django.db.models.expressions import DatabaseDefault

from . import events
from .models import Call, Person

# Rows in one statement and calls in one transaction: locks are short, and memory stays flat.
BATCH = 500

T = TypeVar("T")


def publish_changes(resource_ids: Iterable[str]) -> None:
    """Publish what is due for these calls, in the current transaction or in one of its own for each batch."""
    # In one order for all: of two that each hold a batch and want the other's, PostgreSQL would end one.
    for batch in _batches(sorted(set(resource_ids))):
        events.publish_due(batch)


def create_calls(calls: Iterable[Call], *, publish: bool) -> int:
    """Insert unsaved calls (checked, numbers normalised, people found) in batches, each a transaction of its own.

    With `publish` each call fires what its state asks for, as if it had been saved: an ended one its post_call.
    Without, what is there now counts as told: only later changes are call_modified. Returns how many were made.
    Raises ValidationError before anything of the faulty call's batch is written.
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
    """`Person.objects.lock_by_phone` for many, in two statements. For unsaved calls, in a transaction."""
    without = [call for call in calls if call.person_id is None and call.customer_phone_number]
    wanted = sorted({(call.company_id, call.customer_phone_number) for call in without})
    if len(wanted) < 2:
        for call in without:
            call.person = Person.objects.lock_by_phone(*wanted[0])
        return
    # In the order of their numbers, and made before any is locked, so that two imports cannot wait for each other in a
    # circle.
    new = [Person(company_id=company_id, phone=phone) for company_id, phone in wanted]
    Person.objects.bulk_create(new, ignore_conflicts=True)
    locked = (
        Person.objects.filter(
            company__in={company_id for company_id, _ in wanted}, phone__in={phone for _, phone in wanted}
        )
        .order_by("company", "phone")
        .select_for_update(no_key=True)
    )
    people = {(person.company_id, person.phone): person for person in locked}
    for call in without:
        call.person = people[call.company_id, call.customer_phone_number]


def set_created_at(calls: Sequence[Call]) -> None:
    """Give unsaved calls their `created_at`."""
    # Left to the column's default, it would keep Django from its faster way to insert many rows, twice as fast here.
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
