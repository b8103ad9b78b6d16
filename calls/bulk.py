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

from django.db import transaction

from . import events
from .models import Call, Person

# Rows in one statement and calls in one transaction: locks are short, and memory stays flat.
BATCH = 500

T = TypeVar("T")


def publish_changes(resource_ids: Iterable[str]) -> None:
    """Publish what is due for these calls, in the current transaction or in one of its own for each batch."""
    for batch in _batches(resource_ids):
        events.look(batch)


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
            _find_people(batch)
            Call.objects.bulk_create(batch)
            ids = [call.resource_id for call in batch]
            if publish:
                events.look(ids)
            else:
                events.take_as_told(ids)
        made += len(batch)
    return made


def _find_people(calls: Sequence[Call]) -> None:
    # In the order of their numbers, so that two imports cannot wait for each other in a circle.
    wanted = sorted({(c.company_id, c.customer_phone_number) for c in calls if c.customer_phone_number and not c.person_id})
    people = {(company_id, phone): Person.objects.lock_by_phone(company_id, phone) for company_id, phone in wanted}
    for call in calls:
        if call.person_id is None:
            call.person = people.get((call.company_id, call.customer_phone_number))


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
