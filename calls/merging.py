"""Merge people who turn out to be one, and take them apart again.

Only rows of people change, however many calls, texts and forms they have: these stay where they came in. Events that
were told already stay as they are; later ones have the main person's id and counts."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models.functions import Now

from .models import Person, PersonMerge

MOST_MERGED = 100  # rows of one person: each count reads the calls of all of them


class CannotMerge(Exception):
    """These two cannot be merged, or taken apart; the message says why."""


def merge(kept: Person, merged: Person, *, by: str) -> PersonMerge:
    """`merged` is the same person as `kept`, whose id stays. Raises CannotMerge."""
    if kept.company_id != merged.company_id:
        raise CannotMerge("They are people of different companies.")
    with transaction.atomic():
        moved = _lock(Person.objects.filter(merged_into=merged.pk))
        mains = {row.pk: row for row in _lock(Person.objects.filter(pk__in=(kept.pk, merged.pk)))}
        if len(mains) < 2:
            raise CannotMerge("This is the same person already.")
        if any(row.merged_into_id for row in mains.values()):
            raise CannotMerge("One of them was merged with somebody else meanwhile. Look again.")
        if Person.objects.filter(merged_into=kept.pk).count() + len(moved) + 2 > MOST_MERGED:
            raise CannotMerge(f"A person can have at most {MOST_MERGED} numbers and addresses.")
        Person.objects.filter(merged_into=merged.pk).update(merged_into=kept.pk)
        Person.objects.filter(pk=merged.pk).update(merged_into=kept.pk)
        return PersonMerge.objects.create(
            company_id=kept.company_id, kept=kept, merged=merged, moved=[row.pk for row in moved],
            reason=PersonMerge.Reason.SAID, made_by=by[:200],
        )  # fmt: skip


def take_apart(made: PersonMerge, *, by: str) -> None:
    """Undo a merge: the merged person is one of their own again, with the numbers that they had. Other merges stay,
    whichever came first. Raises CannotMerge."""
    with transaction.atomic():
        rows = {row.pk: row for row in _lock(Person.objects.filter(pk__in=[made.merged_id, *made.moved]))}
        main = rows[made.merged_id].merged_into_id
        undone = PersonMerge.objects.filter(pk=made.pk, undone_at=None).update(undone_at=Now(), undone_by=by[:200])
        if not undone or main is None:
            raise CannotMerge("They were taken apart already.")
        _lock(Person.objects.filter(pk=main))
        # What was taken out of this person since is somewhere else, and stays there.
        back = [pk for pk in made.moved if pk in rows and rows[pk].merged_into_id == main]
        Person.objects.filter(pk=made.merged_id).update(merged_into=None)
        Person.objects.filter(pk__in=back).update(merged_into=made.merged_id)


def merges_of(person: Person) -> list[PersonMerge]:
    """The merges that make up this person and hold, the newest first."""
    rows = [person.main.pk, *Person.objects.filter(merged_into=person.main.pk).values_list("pk", flat=True)]
    return list(
        PersonMerge.objects.filter(kept__in=rows, undone_at=None).select_related("kept", "merged").order_by("-pk")
    )


def _lock(rows: models.QuerySet[Person]) -> list[Person]:
    return list(rows.order_by("pk").select_for_update(no_key=True))
