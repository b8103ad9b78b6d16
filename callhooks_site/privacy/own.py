"""The steps that erase what is a person's own. Each runs in a transaction that holds the person's rows, as whoever
saves a call, a text or a form of theirs does: so none comes in unseen between the last look and the end."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from calls.models import Call, Person, PersonMerge
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread

from .contacts import Contacts
from .models import Erasure
from .subjects import erase_calls, erase_forms, erase_texts, erase_thread, forget_history

BATCH = 50  # of a transaction, with the webhooks about them: some tens of milliseconds
FIRST = "calls"


def hold(people: list[int]) -> None:
    """Lock the person's rows until the transaction ends."""
    list(Person.objects.filter(pk__in=people).order_by("pk").select_for_update().values_list("pk"))


def calls(job: Erasure, contacts: Contacts, people: list[int]) -> bool:
    """Whether all are erased. The same of the others."""
    for person in people:
        if found := list(Call.objects.filter(person=person).order_by("start_time", "pk")[:BATCH]):
            erase_calls(job, contacts, found)
            return False
    return True


def forms(job: Erasure, contacts: Contacts, people: list[int]) -> bool:
    for person in people:
        if found := list(FormSubmission.objects.filter(person=person).order_by("submitted_at", "pk")[:BATCH]):
            erase_forms(job, contacts, found)
            return False
    return True


def texts(job: Erasure, contacts: Contacts, people: list[int]) -> bool:
    thread = Thread.objects.filter(person__in=people).order_by("pk").first()
    return thread is None or texts_of(thread, job, contacts)


def texts_of(thread: Thread, job: Erasure, contacts: Contacts) -> bool:
    """Erase some texts of a conversation, and it after them. Always False: there may be another one."""
    left = TextMessage.objects.filter(thread=thread).exclude(customer_phone_number="")
    rows = left
    if job.cursor is not None and job.cursor[0] == thread.pk:
        at, pk = datetime.fromisoformat(job.cursor[1]), job.cursor[2]
        rows = rows.filter(Q(sent_at__gt=at) | Q(sent_at=at, pk__gt=pk), sent_at__gte=at)
    if found := list(rows.order_by("sent_at", "pk")[:BATCH]):
        erase_texts(job, contacts, found)
        job.cursor = [thread.pk, found[-1].sent_at.isoformat(), found[-1].pk]
        return False
    if not left.exists():  # else one came in behind the place: again from the beginning
        erase_thread(job, thread)
    job.cursor = None
    return False


def rows_of_people(job: Erasure, contacts: Contacts, people: list[int]) -> bool:
    """Delete the person. Back to the calls if something of theirs came in meanwhile."""
    rows = Person.objects.filter(Q(pk__in=people) | Q(merged_into__in=people), company=job.company_id)
    mine = list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
    if set(mine) - set(people) or any(
        model._default_manager.filter(person__in=mine).exists() for model in (Call, Thread, FormSubmission)
    ):
        people[:] = mine
        job.phase = FIRST
        return False
    made = PersonMerge.objects.filter(Q(kept__in=mine) | Q(merged__in=mine), company=job.company_id)
    made.delete()
    Person.objects.filter(pk__in=mine).update(merged_into=None)
    Person.objects.filter(pk__in=mine).delete()
    job.add(people=len(mine))
    forget_history(job, Person, mine)
    return True
