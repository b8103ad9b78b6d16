"""A subject whose waiting time is over stays due until somebody looked at it, whatever befalls who looks."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from calls import events
from subscriptions.events import stream_timers
from subscriptions.models import EventStream
from tests.support.connections import cut_our_connection
from tests.support.events import types_of
from tests.support.factories import make_call, make_company

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

read = events.read_for_webhooks


@pytest.fixture
def waiting(settings):
    """Two calls whose wait is over."""
    company = make_company()
    start = timezone.now() - timedelta(seconds=60)
    ended = {"start_time": start, "answered_at": start, "ended_at": timezone.now()}
    calls = [make_call(company, **ended) for _ in range(2)]
    settings.POST_CALL_WAIT_SECONDS = 0
    assert EventStream.objects.update(wake_at=timezone.now() - timedelta(seconds=1)) == 2
    assert not any("post_call" in types_of(call) for call in calls)
    return calls


def due_in(call) -> float:
    return (EventStream.objects.get(subject_id=call.resource_id).wake_at - timezone.now()).total_seconds()


def test_a_connection_that_is_cut_in_the_middle_of_a_look_puts_nothing_off(waiting, monkeypatch):
    """Seen in ten minutes of chaos: the call's webhook came five minutes late."""

    def cut(pks):
        cut_our_connection()
        return read(pks)

    monkeypatch.setattr(events, "read_for_webhooks", cut)
    with pytest.raises(OperationalError):
        stream_timers.publish_due()
    connection.close()
    monkeypatch.undo()
    assert all(due_in(call) < 0 for call in waiting)
    stream_timers.publish_due()
    assert all("post_call" in types_of(call) for call in waiting)


@pytest.mark.parametrize(
    ("error", "seconds"), [(DeadlockDetected("deadlock detected"), 5), (ValueError("broken"), 300)]
)
def test_one_that_fails_is_tried_again_and_the_other_is_not_kept_from_it(waiting, monkeypatch, error, seconds):
    bad, good = waiting

    def failing(pks):
        if bad.pk not in pks:
            return read(pks)
        if isinstance(error, DeadlockDetected):
            raise OperationalError("deadlock detected") from error
        raise error

    monkeypatch.setattr(events, "read_for_webhooks", failing)
    stream_timers.publish_due()
    assert "post_call" in types_of(good)
    assert seconds - 5 < due_in(bad) <= seconds
    monkeypatch.undo()
    EventStream.objects.filter(subject_id=bad.resource_id).update(wake_at=timezone.now())
    stream_timers.publish_due()
    assert "post_call" in types_of(bad)
