"""Erase a person in the background: counted first, then step by step, until a certificate is left.

- A step is one transaction: some rows, and the place that was reached. Whatever is killed goes on there.
- First what knows the person's rows (the audit log, kept answers), then these rows with their webhooks, along indexes;
  then everything else of the company is read through for the number and the address.
- Webhooks that wait are cancelled; those that are being sent right now are erased when their answer is there."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from calls.models import Tracker
from subscriptions.events import erasing
from subscriptions.lib.errors import ActionRefused
from subscriptions.models import Company
from subscriptions.tenancy import audit_log

from . import mentions, own, schedules, traces
from .contacts import Contacts
from .models import FAILS_AT, Erasure
from .person_hashes import hashes_of
from .subjects import note_events
from .who import Who

logger = logging.getLogger(__name__)

State = Erasure.State
MOST_RUNNING = 5  # of a company: each reads all of its rows
MOST_LATER = 200  # events of a step
LOOK_AGAIN = timedelta(seconds=5)  # at what was being sent
AFTER_A_FAULT = timedelta(minutes=5)  # longer than django-q2 lets a task run

TOLD_EACH = 12  # tries: an hour of them


class StepFailed(Exception):
    """A step failed so often that somebody must look. It names ids only: the Service page shows it."""


Own = Callable[[Erasure, Contacts, list[int]], bool]
Scan = Callable[[Erasure, Contacts], bool]

OWN: dict[str, Own] = {
    "audit log": traces.audit,
    "kept answers": traces.answers,
    "calls": own.calls,
    "texts": own.texts,
    "forms": own.forms,
    "person": own.rows_of_people,
}
SCANS: dict[str, Scan] = {
    "provider calls": traces.provider_calls,
    "refused callbacks": traces.refused_callbacks,
    "refused forms": traces.refused_forms,
    "files": traces.pieces,
    "imports": traces.imports,
    "import errors": traces.faults,
    "saved views": traces.views,
    "issues": traces.issues,
    "mails": traces.mails,
    "senders": mentions.addresses,
    "conversations": mentions.threads,
    "others' texts": mentions.texts,
    "others' forms": mentions.forms,
    "others' calls": mentions.calls,
    "webhooks": mentions.webhooks,
}
UNDER_WAY = "under way"
PHASES = [*OWN, *SCANS, UNDER_WAY]


def start(company: Company, who: Who, *, by: audit_log.Actor) -> Erasure:
    """Raises ActionRefused while the company has too many, or one of the same person, and for its own numbers."""
    with transaction.atomic():
        # One after the other: two of the same person would count half each.
        Company.objects.select_for_update(no_key=True).filter(pk=company.pk).values_list("pk").get()
        _refuse_own_numbers(company, who)
        hashes = hashes_of(company.pk, who.contacts)
        running = Erasure.objects.filter(company=company, state=State.RUNNING)
        if running.filter(person_hashes__overlap=hashes).exists():
            raise ActionRefused("This person is being erased already.")
        if running.count() >= MOST_RUNNING:
            raise ActionRefused(f"{MOST_RUNNING} people are being erased. Wait until one is done.")
        job = Erasure.objects.create(
            company=company,
            contacts=json.dumps({
                "phones": who.contacts.phones, "emails": who.contacts.emails, "names": who.names, "people": who.people,
            }),
            person_hashes=hashes,
            phase=PHASES[0],
            requested_by=by.user,
            requested_name=by.name[:200],
        )  # fmt: skip
        audit_log.record(by, "Asked to erase a person", job, company=company)
        transaction.on_commit(schedules.queue)
    return job


def _refuse_own_numbers(company: Company, who: Who) -> None:
    """They are in every call and text, and in the body of every webhook: nothing would be left of any."""
    phones = Q(phone_number__in=who.contacts.phones) | Q(destination_number__in=who.contacts.phones)
    if tracker := Tracker.objects.filter(phones, company=company, active=True).first():
        raise ActionRefused(
            f"This number belongs to the tracking number {tracker}, which all its calls and webhooks name: they would "
            "all be erased. If it is a person's, switch the tracking number off, or change where it leads, first."
        )


def find_earlier(company: Company, who: Who) -> list[Erasure]:
    """Erasures of this person that were asked for before, the newest first."""
    hashes = hashes_of(company.pk, who.contacts)
    return list(Erasure.objects.filter(company=company, person_hashes__overlap=hashes).order_by("-pk")[:20])


def run_step() -> bool:
    """Take a step of the job that has waited longest. False when there is nothing to do. Raises StepFailed now and
    then for a step that fails again and again.

    The job's next turn is written before its step begins: one that ends its worker, or that fails, holds up itself."""
    with transaction.atomic():
        job = _due().order_by(F("stepped_at").asc(nulls_first=True), "pk").first()
        if job is None:
            return False
        Erasure.objects.filter(pk=job.pk).update(stepped_at=Now() + AFTER_A_FAULT, tries=F("tries") + 1)
    failed: Erasure | None = None
    with transaction.atomic():
        job = _locked().filter(pk=job.pk).first()
        if job is None:
            return True  # another task has it
        try:
            with transaction.atomic():
                _step(job)
        except (OperationalError, InterfaceError) as error:
            # The database's problem, such as a deadlock: the next task takes this step again, after other jobs.
            logger.warning("Erasure %s waits for its next turn: %s", job.pk, error)
            Erasure.objects.filter(pk=job.pk).update(stepped_at=Now())
            return False
        except Exception:  # a fault of ours: it must not delay others, and nobody may think that the person is erased
            logger.exception("Erasure %s failed at %s; it is tried again", job.pk, job.phase)
            failed = job
    if failed and (failed.tries == FAILS_AT or failed.tries % TOLD_EACH == 0):
        raise StepFailed(f"Erasure {failed.pk} failed {failed.tries} times at {failed.phase}. The log says why.")
    return True


def _locked() -> QuerySet[Erasure]:
    return Erasure.objects.select_for_update(skip_locked=True, of=("self",), no_key=True).filter(state=State.RUNNING)


def _due() -> QuerySet[Erasure]:
    rested = Q(stepped_at=None) | Q(stepped_at__lte=Now())
    waits = Q(phase=UNDER_WAY, stepped_at__gte=Now() - LOOK_AGAIN) & ~Q(waiting=[])
    return _locked().filter(rested).exclude(waits)


def _step(job: Erasure) -> None:
    known = json.loads(job.contacts)
    contacts, people = Contacts.of(known["phones"], known["emails"]), list(known["people"])
    phase = job.phase
    if phase == UNDER_WAY:
        _wait(job)
    else:
        if phase in OWN:
            own.hold(people)
            done = OWN[phase](job, contacts, people)
        elif phase == "import errors":
            done = traces.faults(job, contacts, known["names"])
        else:
            done = SCANS[phase](job, contacts)
        if done:
            job.phase, job.cursor = PHASES[PHASES.index(phase) + 1], None
    if job.state == State.RUNNING:
        job.contacts = json.dumps({**known, "people": people})
    _save(job)


def _wait(job: Erasure) -> None:
    """Erase what was being sent; finish when nothing is left."""
    now, job.waiting = job.waiting[:MOST_LATER], job.waiting[MOST_LATER:]
    note_events(job, erasing.erase(now))
    if not job.waiting:
        traces.list_positions(job)
        _finish(job)


def _finish(job: Erasure) -> None:
    job.state, job.contacts, job.phase, job.cursor = State.DONE, "", "", None
    Erasure.objects.filter(pk=job.pk).update(finished_at=Now())
    said = ", ".join(f"{number:,} {kind}" for kind, number in job.describe_counts().items()) or "nothing was found"
    audit_log.record(audit_log.SERVICE, "Erased a person", job, company=job.company_id, detail=said)


def _save(job: Erasure) -> None:
    changed: dict[str, Any] = {
        name: getattr(job, name)
        for name in ("state", "contacts", "phase", "cursor", "waiting", "counts", "hosts", "looked_through")
    }
    Erasure.objects.filter(pk=job.pk).update(**changed, stepped_at=Now(), tries=0)
