"""What else of a company can name a person: the audit log, answers kept for repeats, refused items, imports, saved
views, mails. Read through in steps, as `mentions` does. Rows that are about the person are deleted, others lose the
words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from django.db.models import Model

from callhooks_site.activity.models import SavedView
from callhooks_site.intake.imports.models import ImportFault, ImportJob, ImportPiece
from callhooks_site.intake.imports.stored_lines import pack, unpack
from callhooks_site.intake.providers.models import ProviderCall, RefusedCallback
from callhooks_site.vendor_api.models import ListPosition
from calls.models import Call, Person
from forms_intake.models import FormRefusal, FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.models import AuditEntry, EndpointIssue, IdempotentAnswer, MailRequest

from .columns import redacted
from .contacts import Contacts
from .models import Erasure
from .subjects import HISTORY
from .walking import Walk

AUDIT = Walk(AuditEntry, ("at", "pk"), most=1000)
ANSWERS = Walk(IdempotentAnswer, ("key", "pk"), most=200)  # encrypted: decrypted one by one
PROVIDER_CALLS = Walk(ProviderCall, most=1000)
CALLBACKS = Walk(RefusedCallback, ("received_at", "pk"))
FORMS = Walk(FormRefusal, ("received_at", "pk"))
IMPORTS = Walk(ImportJob, most=100)
PIECES = Walk(ImportPiece, most=3, company="job__company")  # each has hundreds of lines, encrypted
FAULTS = Walk(ImportFault, company="job__company")
VIEWS = Walk(SavedView)
ISSUES = Walk(EndpointIssue, ("opened_at", "pk"))
MAILS = Walk(MailRequest, ("created_at", "pk"))

ERASED_ANSWER = '{"erased":true}'
_OWN_ID = re.compile(r"(?:CAL|SCI|FRM|SMT|PER)[0-9a-f]{32}")
# How a row leads to its person.
_OF_PERSON: dict[type[Model], str] = {
    Call: "person",
    TextMessage: "thread__person",
    FormSubmission: "person",
    Thread: "person",
    Person: "pk",
}


def audit(job: Erasure, contacts: Contacts, people: list[int]) -> bool:
    """Before the person's own rows are erased: entries about these have their names."""
    rows = list(AuditEntry.objects.filter(pk__in=_next(job, AUDIT)))
    names = {str(model._meta.verbose_name): model for model in _OF_PERSON}
    own: set[tuple[str, str]] = set()
    for name, model in names.items():
        keys = [int(row.object_id) for row in rows if row.object_type == name and row.object_id.isdigit()]
        own |= {(name, str(pk)) for pk in _mine(model, people, pk__in=keys).values_list("pk", flat=True)}
    for row in rows:
        changed = redacted(row, contacts)
        if row.user_id or row.api_key_id:  # an owner's address is no customer's: nobody takes their name off their acts
            changed.pop("actor", None)
        if (row.object_type, row.object_id) in own:
            changed["object_name"] = HISTORY
        if changed:
            AuditEntry.objects.filter(pk=row.pk).update(**changed)
            job.add(audit_entries=1)
    return job.cursor is None


def answers(job: Erasure, contacts: Contacts, people: list[int]) -> bool:
    """A repeat still does nothing a second time; it is only told less."""
    rows = list(IdempotentAnswer.objects.filter(pk__in=_next(job, ANSWERS)))
    ids = {found for row in rows for found in _OWN_ID.findall(row.body)}
    own = {
        one for model in _OF_PERSON
        for one in _mine(model, people, resource_id__in=ids).values_list("resource_id", flat=True)
    }  # fmt: skip
    for row in rows:
        if contacts.are_in(row.key):
            row.delete()
        elif contacts.are_in([row.body, row.headers]) or own & set(_OWN_ID.findall(row.body)):
            IdempotentAnswer.objects.filter(pk=row.pk).update(body=ERASED_ANSWER, headers=contacts.redact(row.headers))
        else:
            continue
        job.add(kept_answers=1)
    return job.cursor is None


def provider_calls(job: Erasure, contacts: Contacts) -> bool:
    return _delete(job, contacts, PROVIDER_CALLS, "provider_call_facts")


def refused_callbacks(job: Erasure, contacts: Contacts) -> bool:
    return _delete(job, contacts, CALLBACKS, "refused_callbacks", also="body")


def refused_forms(job: Erasure, contacts: Contacts) -> bool:
    return _delete(job, contacts, FORMS, "refused_forms")


def views(job: Erasure, contacts: Contacts) -> bool:
    return _delete(job, contacts, VIEWS, "saved_views")


def issues(job: Erasure, contacts: Contacts) -> bool:
    return _redact(job, contacts, ISSUES, "issues")


def mails(job: Erasure, contacts: Contacts) -> bool:
    return _redact(job, contacts, MAILS, "mails")


def pieces(job: Erasure, contacts: Contacts) -> bool:
    """Lines of files that are still to be imported."""
    keys = _next(job, PIECES)
    owners = ImportPiece.objects.filter(pk__in=keys).values("job")
    list(ImportJob.objects.filter(pk__in=owners).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    for piece in ImportPiece.objects.filter(pk__in=keys):  # what is imported meanwhile is a person's own by now
        lines = unpack(piece.lines)
        kept = [line for line in lines if not contacts.are_in(line[1:])]
        if gone := {line[0] for line in lines} - {line[0] for line in kept}:
            ImportPiece.objects.filter(pk=piece.pk).update(lines=pack(kept))
            job.add(import_lines=len(gone))
            job.add(import_errors=ImportFault.objects.filter(job=piece.job_id, line__in=gone).delete()[0])
    return job.cursor is None


def imports(job: Erasure, contacts: Contacts) -> bool:
    for one in ImportJob.objects.filter(pk__in=_next(job, IMPORTS)).defer("seen"):
        changed: dict[str, Any] = redacted(one, contacts, only=("file_name", "note", "left_out_reasons", "mapping"))
        examples = json.loads(one.examples or "[]")
        if contacts.are_in(examples):
            changed["examples"] = json.dumps([row for row in examples if not contacts.are_in(row)])
        if changed:
            ImportJob.objects.filter(pk=one.pk).update(**changed)
            job.add(imports=1)
    return job.cursor is None


def faults(job: Erasure, contacts: Contacts, names: Iterable[str] = ()) -> bool:
    """Errors of lines can quote a value, and no more than that is known of the line."""
    rows = list(ImportFault.objects.filter(pk__in=_next(job, FAULTS)))
    gone = [row.pk for row in rows if contacts.are_in(row.words) or any(name in row.words for name in names)]
    job.add(import_errors=ImportFault.objects.filter(pk__in=gone).delete()[0])
    return job.cursor is None


def list_positions(job: Erasure) -> None:
    """Where programs are in lists of API v3, which are sorted by names, too. They go on by the page's number."""
    ListPosition.objects.filter(api_key__company=job.company_id).delete()


def _mine(model: type[Model], people: list[int], **which: Any) -> Any:
    return model._default_manager.filter(**which).filter(**{f"{_OF_PERSON[model]}__in": people})


def _next(job: Erasure, walk: Walk) -> list[Any]:
    keys, job.cursor = walk.next(walk.rows(job.company_id), job.cursor)
    job.looked_through += len(keys)
    return keys


def _delete(job: Erasure, contacts: Contacts, walk: Walk, kind: str, *, also: str = "") -> bool:
    rows = walk.model._default_manager.filter(pk__in=_next(job, walk))
    gone = [row.pk for row in rows if _is_about(row, contacts, also)]
    job.add(**{kind: walk.model._default_manager.filter(pk__in=gone).delete()[0]})
    return job.cursor is None


def _is_about(row: Model, contacts: Contacts, also: str) -> bool:
    if redacted(row, contacts):
        return True
    texts = [bytes(getattr(row, also)).decode(errors="replace")] if also else []
    texts += [row.query] if hasattr(row, "query") else []
    return any(contacts.are_in([text, unquote_plus(text)]) for text in texts)


def _redact(job: Erasure, contacts: Contacts, walk: Walk, kind: str) -> bool:
    for row in walk.model._default_manager.filter(pk__in=_next(job, walk)):
        if changed := redacted(row, contacts):
            walk.model._default_manager.filter(pk=row.pk).update(**changed)
            job.add(**{kind: 1})
    return job.cursor is None
