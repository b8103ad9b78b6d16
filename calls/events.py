"""Publish the events of calls. Everything that saves a call ends in `publish_due`; `firing_rules` decides.

`publish_due` may be called at any time and any number of times: it locks the call and its event stream, then compares
the call in the database with what the stream says was already published.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction

from subscriptions.events.publishing import Publisher
from subscriptions.events.streams import Stream, stop_waiting

from . import watched_fields
from .firing_rules import mark_past_events_fired, publish_due_events, take_watched_as_told
from .models import Call
from .selectors import count_earlier, read_for_webhooks

KIND = "call"


def publish_due(resource_ids: Sequence[str]) -> None:
    """Publish what is due for these calls, in the current transaction or one of its own."""
    _for_each(resource_ids, read_for_webhooks, publish_due_events)


def publish_new(calls: Sequence[Call], counted_at: datetime | None = None) -> None:
    """`publish_due` for calls that this transaction has just inserted.

    The objects must hold what the database holds: its values, the current company, and the tags
    (`Call.set_known_tags`). Nobody else can see these calls yet, so there is nothing to lock; only the counts are read,
    unless they were at `counted_at` (`selectors.insert_and_count`).
    """
    now = counted_at or count_earlier(calls)
    if now is None:
        return
    with Publisher(KIND, calls, new_at=now) as publisher:
        for call in calls:
            publish_due_events(call, publisher)


def publish_locked(call: Call, stream: Stream | None, *, are_counted: bool) -> None:
    """`publish_due` for a call whose row this transaction has locked and changed, and whose stream, where it is given.

    The object must hold what the database holds, as `ingestion.locking` reads it and as it was saved: nothing but the
    counts is read again, unless they are set already (`are_counted`); that would be half of the work."""
    with Publisher(KIND, [call], locked=stream) as publisher:
        if not are_counted:
            count_earlier([call])
        publish_due_events(call, publisher)


def mark_as_published(resource_ids: Sequence[str]) -> None:
    """Treat these calls as published: no webhook now, and only later changes become call_modified. For past calls."""
    _for_each(resource_ids, _read_watched_fields, mark_past_events_fired)


def forget(resource_ids: Sequence[str]) -> None:
    """After all that these calls say of their person was erased: nothing more is told of those that have ended, and
    what they say now is no change."""
    mark_as_published(resource_ids)
    ended = Call.objects.filter(resource_id__in=resource_ids, ended_at__isnull=False)
    stop_waiting(list(ended.values_list("resource_id", flat=True)))


def take_as_told(resource_ids: Sequence[str]) -> None:
    """What these calls say now is no change to be told, and what they have not told yet they tell as ever: after
    somebody else was taken out of their words."""
    _for_each(resource_ids, _read_watched_fields, take_watched_as_told)


def _read_watched_fields(pks: Collection[int]) -> Iterable[Call]:
    # No body is built, so the rest of the webhook is not read: an import takes half the time.
    read = Call.objects.only("resource_id", "ended_at", *watched_fields.COLUMNS).prefetch_related("tags")
    return read.filter(pk__in=pks)


def _for_each(
    resource_ids: Sequence[str],
    read: Callable[[Collection[int]], Iterable[Call]],
    decide: Callable[[Call, Publisher], None],
) -> None:
    # Nobody continues a transaction whose events could not be written, so no savepoint is needed.
    with transaction.atomic(savepoint=False):
        # Lock the call's row, then its stream, and only then read: this sees every earlier transaction, and no two of
        # us wait for each other. In the order of resource ids, as `bulk.publish_changes` passes batch after batch in
        # one transaction. NO KEY, because adding a tag takes a KEY SHARE lock first.
        locked = list(
            Call.objects.filter(resource_id__in=resource_ids)
            .order_by("resource_id")
            .select_for_update(no_key=True)
            .only("pk", "resource_id", "company_id")
        )
        if gone := set(resource_ids) - {call.resource_id for call in locked}:
            stop_waiting(list(gone))
        if not locked:
            return
        with Publisher(KIND, locked) as publisher:
            for call in read([call.pk for call in locked]):
                decide(call, publisher)
