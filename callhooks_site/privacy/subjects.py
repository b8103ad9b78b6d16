"""What belongs to a person, found along indexes: calls, texts, forms, and the webhooks about them.

The rows stay as those of nobody: when, how long, by which tracking number, with what outcome. So the counts of reports,
of the API and of the log are as they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet

from callhooks_site.intake.providers.models import ProviderCall
from calls import events as call_events
from calls.models import Call
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.events import erasing
from subscriptions.models import Event

from .columns import empty_values, redacted
from .contacts import Contacts
from .models import Erasure

# What says nothing of who it was; where one of the contacts is in it all the same, it is taken out.
KEPT: dict[type[Model], frozenset[str]] = {
    Call: frozenset(
        {"direction", "lead_status", "lead_status_by", "source", "medium", "campaign", "device_type", "agent_email",
         "business_phone_number", "external_source"}
    ),
    TextMessage: frozenset({"direction", "external_source"}),
    FormSubmission: frozenset({"lead_status", "source", "medium", "campaign", "external_source"}),
    Thread: frozenset({"lead_status", "conversation_id"}),
}  # fmt: skip
HISTORY = "Erased"


def erase_calls(job: Erasure, contacts: Contacts, calls: Sequence[Call]) -> None:
    """In a transaction that holds the person's rows."""
    keys = [call.pk for call in calls]
    # As `calls.events` locks them: rows in the order of their ids, then streams, then events.
    list(Call.objects.filter(pk__in=keys).order_by("resource_id").select_for_update(no_key=True).values_list("pk"))
    _note_hosts(job, (call.recording_url for call in calls))
    job.add(recordings=sum(bool(call.recording_url) for call in calls))
    Call.tags.through.objects.filter(call__in=keys).delete()
    job.add(provider_call_facts=ProviderCall.objects.filter(call__in=keys).delete()[0])
    _empty(Call, calls, contacts, person=None, recording_duration=None)
    call_events.forget([call.resource_id for call in calls])
    job.add(calls=len(keys))
    _erase_webhooks(job, Call, calls)


def erase_texts(job: Erasure, contacts: Contacts, texts: Sequence[TextMessage]) -> None:
    _note_hosts(job, (url for text in texts for url in text.media_urls if isinstance(url, str)))
    _empty(TextMessage, texts, contacts)
    job.add(texts=len(texts))
    _erase_webhooks(job, TextMessage, texts)


def erase_forms(job: Erasure, contacts: Contacts, forms: Sequence[FormSubmission]) -> None:
    FormSubmission.tags.through.objects.filter(formsubmission__in=[form.pk for form in forms]).delete()
    _empty(FormSubmission, forms, contacts, person=None)
    job.add(forms=len(forms))
    _erase_webhooks(job, FormSubmission, forms)


def erase_thread(job: Erasure, thread: Thread) -> None:
    """Once its texts are erased. It stands for nobody then: its address must be its own, not empty."""
    Thread.tags.through.objects.filter(thread=thread).delete()
    empty = empty_values(Thread, keep=KEPT[Thread]) | {"person": None, "address": f"erased-{thread.pk}"}
    Thread.objects.filter(pk=thread.pk).update(**empty)
    job.add(conversations=1)
    forget_history(job, Thread, [thread.pk])


def erase_events(job: Erasure, rows: QuerySet[Event]) -> None:
    done = erasing.erase(list(rows.values_list("pk", flat=True)))
    note_events(job, done)


def note_events(job: Erasure, done: erasing.Erased) -> None:
    job.add(webhook_bodies=done.events, attempts=done.attempts, webhooks_cancelled=done.cancelled)
    job.waiting = list(dict.fromkeys([*job.waiting, *done.later]))


def forget_history(job: Erasure, model: type[Model], keys: Iterable[int]) -> None:
    """What Django's history says of rows: their names."""
    kind = ContentType.objects.get_for_model(model)
    mine = LogEntry.objects.filter(content_type=kind, object_id__in=[str(key) for key in keys])
    job.add(history_entries=mine.update(object_repr=HISTORY, change_message=""))


def _empty(model: type[Model], rows: Sequence[Any], contacts: Contacts, **more: Any) -> None:
    keys, keep = [row.pk for row in rows], KEPT[model]
    objects = model._default_manager
    objects.filter(pk__in=keys).update(**empty_values(model, keep=keep), **more)
    for row in rows:
        if changed := redacted(row, contacts, only=keep):
            objects.filter(pk=row.pk).update(**changed)


def _erase_webhooks(job: Erasure, model: type[Model], rows: Sequence[Any]) -> None:
    erase_events(job, Event.objects.filter(subject_id__in=[row.resource_id for row in rows]))
    forget_history(job, model, [row.pk for row in rows])


def _note_hosts(job: Erasure, urls: Iterable[str]) -> None:
    hosts = Counter(dict(job.hosts.items()))
    for url in urls:
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        if host:
            hosts[host] += 1
    job.hosts = dict(hosts)
