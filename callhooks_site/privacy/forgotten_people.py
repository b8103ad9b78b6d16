"""People of whom nothing is left: no call, no conversation, no form."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from calls.models import Call, Person, PersonMerge
from forms_intake.models import FormSubmission
from messaging.models import Thread


def delete_forgotten(people: Collection[int]) -> int:
    """Delete those of these people who have nothing left, with all their numbers and addresses. In a transaction of the
    caller's; somebody who is being looked up right now is passed over."""
    if not people:
        return 0
    given = Person.objects.filter(pk__in=people).values_list("merged_into", "pk")
    deleted = 0
    for main in sorted({main or pk for main, pk in given}):
        rows = Person.objects.filter(Q(pk=main) | Q(merged_into=main)).order_by("pk")
        keys = set(rows.values_list("pk", flat=True))
        locked = set(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
        if keys - locked or any(
            model._default_manager.filter(person__in=keys).exists() for model in (Call, Thread, FormSubmission)
        ):
            continue
        merges = Q(kept__in=keys) | Q(merged__in=keys)
        PersonMerge.objects.filter(merges, company__in=rows.values("company")).delete()
        Person.objects.filter(pk__in=keys).update(merged_into=None)
        deleted += Person.objects.filter(pk__in=keys).delete()[0]
    return deleted
