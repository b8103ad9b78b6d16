"""When a call's events fire. Everything that saves a call ends in `publish_due`, and only this module decides.

`publish_due` may be called at any time and any number of times: it locks the call and its event stream, then compares
the call in the database with what the stream says was already published.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from subscriptions.events.publishing import Publisher
from subscriptions.events.streams import Stream, stop_waiting

from . import lifecycle, silence, watched
from .models import Call
from .selectors import count_earlier, read_for_webhooks

KIND = "call"
PRE_CALL = "pre_call"
CALL_ROUTING_COMPLETE = "call_routing_complete"
POST_CALL = "post_call"
CALL_MODIFIED = "call_modified"


def publish_due(resource_ids: Sequence[str]) -> None:
    """Publish what is due for these calls, in the current transaction or one of its own."""
    _for_each(resource_ids, read_for_webhooks, _decide)


def publish_new(calls: Sequence[Call]) -> None:
    """`publish_due` for calls that this transaction has just inserted.

    The objects must hold what the database holds: its values, the current company, and the tags
    (`Call.set_known_tags`). Nobody else can see these calls yet, so there is nothing to lock; only the counts are read.
    """
    now = count_earlier(calls)
    if now is None:
        return
    with Publisher(KIND, calls, new_at=now) as publisher:
        for call in calls:
            _decide(call, publisher)


def mark_as_published(resource_ids: Sequence[str]) -> None:
    """Treat these calls as published: no webhook now, and only later changes become call_modified. For past calls."""
    _for_each(resource_ids, _read_compared, _told)


def _read_compared(pks: Collection[int]) -> Iterable[Call]:
    # Nothing is frozen: what webhooks tell besides is not read, and an import takes half the time.
    read = Call.objects.only("resource_id", "ended_at", *watched.COLUMNS).prefetch_related("tags")
    return read.filter(pk__in=pks)


def _for_each(
    resource_ids: Sequence[str],
    read: Callable[[Collection[int]], Iterable[Call]],
    decide: Callable[[Call, Publisher], None],
) -> None:
    # Nobody goes on in a transaction after its events could not be written, so no savepoint is needed.
    with transaction.atomic(savepoint=False):
        # The call's row first, then the stream's, and only then read: what is read includes every transaction before
        # ours, and no two of us wait for each other. In the order of the resource ids, as `bulk.publish_changes` gives
        # batch after batch in one transaction. NO KEY, because adding a tag takes a KEY SHARE of its own first.
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


def _decide(call: Call, publisher: Publisher) -> None:
    stream = publisher.streams[call.resource_id]
    if silence.has_lasted(call, stream.now):
        silence.close(call, stream.now)
    # What comes before in a call's life is never told after, whatever a correction makes of the call.
    if call.direction == Call.Direction.INBOUND and POST_CALL not in stream.fired:
        if lifecycle.is_ringing(call) and CALL_ROUTING_COMPLETE not in stream.fired:
            publisher.publish(PRE_CALL, call)
        if lifecycle.is_routed(call):
            publisher.publish(CALL_ROUTING_COMPLETE, call)
    now = watched.fingerprint(call, [tag.pk for tag in call.tags.all()])
    if POST_CALL in stream.fired and POST_CALL not in stream.own_events:
        _modified(call, publisher, stream, now)
    elif POST_CALL in stream.own_events or _post_call_is_due(call, stream):
        publisher.publish(POST_CALL, call)
        stream.watched = now
        stream.wake_at = None


def _modified(call: Call, publisher: Publisher, stream: Stream, now: dict[str, str]) -> None:
    changes = watched.changes(stream.watched_before, now, scored_by=call.lead_status_by)
    if changes:
        publisher.publish(CALL_MODIFIED, call, changes)
    else:
        publisher.withdraw(CALL_MODIFIED, call)
    stream.watched = now


def _post_call_is_due(call: Call, stream: Stream) -> bool:
    """Complete, or waited long enough by the database's clock; else the stream is set to ring when it will be."""
    if call.ended_at is None:
        stream.wake_at = silence.ends_at(call)
        return False
    wait = timedelta(seconds=settings.POST_CALL_WAIT_SECONDS)
    if call.ended_at > stream.now:
        # A provider's clock runs ahead: the wait began when the end was first told, and no later save prolongs it.
        stream.wake_at = min(stream.wake_at or stream.now + wait, stream.now + wait)
    else:
        stream.wake_at = call.ended_at + wait
    # Of a call that was closed for its silence nothing more is expected.
    return lifecycle.is_complete(call) or stream.wake_at <= stream.now or call.closed_silent_at is not None


def _told(call: Call, publisher: Publisher) -> None:
    stream = publisher.streams[call.resource_id]
    # A call that still runs is told from here on; of one that has ended, everything was.
    past = [PRE_CALL, CALL_ROUTING_COMPLETE, POST_CALL] if call.ended_at else []
    stream.fired += [name for name in past if name not in stream.fired]
    stream.watched = watched.fingerprint(call, [tag.pk for tag in call.tags.all()])
    stream.watched_before = stream.watched
