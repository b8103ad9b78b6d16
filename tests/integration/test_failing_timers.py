"""A subject whose waiting time is over stays due until somebody looked at it, whatever befalls who looks."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from subscriptions.events import stream_timers
from subscriptions.models import EventStream
from tests.support.events import types_of
from tests.support.factories import make_call, make_company
from tests.support.faults import connection_cut_by_rows, refused_rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


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


def test_a_connection_that_is_cut_in_the_middle_puts_nothing_off(waiting):
    """Seen in ten minutes of chaos: the call's webhook came five minutes late."""
    with connection_cut_by_rows("subscriptions_event"):
        with pytest.raises(OperationalError):
            stream_timers.publish_due()
        connection.close()
    assert all(due_in(call) < 0 for call in waiting)
    stream_timers.publish_due()
    assert all("post_call" in types_of(call) for call in waiting)


@pytest.mark.parametrize(("code", "seconds"), [("40P01", 5), ("22012", 300)], ids=["deadlock", "broken"])
def test_one_that_fails_is_tried_again_and_the_other_is_not_kept_from_it(waiting, code: str, seconds: int):
    bad, good = waiting
    with refused_rows("subscriptions_event", when=f"NEW.subject_id = '{bad.resource_id}'", code=code):
        stream_timers.publish_due()
    assert "post_call" in types_of(good)
    assert seconds - 5 < due_in(bad) <= seconds
    EventStream.objects.filter(subject_id=bad.resource_id).update(wake_at=timezone.now())
    stream_timers.publish_due()
    assert "post_call" in types_of(bad)
