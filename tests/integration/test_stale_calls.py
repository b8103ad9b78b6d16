"""A call that its phone system never ends is closed as what is known of it, and told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from calls.ingestion.single import create_or_update_call
from calls.models import Call
from subscriptions.events import stream_timers
from subscriptions.models import AuditEntry, Event, EventStream
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db


@pytest.fixture
def tracker():
    return factories.make_tracker(factories.make_company())


def told(call):
    return list(Event.objects.filter(subject_id=call.resource_id).order_by("sequence").values_list("type", flat=True))


def make(tracker, **fields):
    fields = {"external_source": "pbx", "external_id": "1", "start_time": timezone.now(), **fields}
    return factories.make_call(tracker.company, tracker, **fields)


def age(call, seconds):
    """So long nothing was heard of it; its timer is due when it would be."""
    Call.objects.filter(pk=call.pk).update(updated_at=timezone.now() - timedelta(seconds=seconds))
    EventStream.objects.filter(subject_id=call.resource_id, wake_at__isnull=False).update(wake_at=timezone.now())
    stream_timers.publish_due()
    call.refresh_from_db()


def test_it_is_closed_marked_and_told(tracker, settings, caplog):
    call = make(
        tracker,
        answered_at=timezone.now() + timedelta(seconds=5),
        recording_url="https://example.com/1.mp3",
        recording_duration=40,
    )
    waiting = EventStream.objects.get(subject_id=call.resource_id)
    call.refresh_from_db()
    assert waiting.wake_at == call.updated_at + timedelta(seconds=settings.CALL_SILENT_SECONDS)
    age(call, settings.CALL_SILENT_SECONDS - 5)
    assert call.ended_at is None
    age(call, settings.CALL_SILENT_SECONDS + 5)
    assert call.ended_at == call.answered_at + timedelta(seconds=40), "as far as is known"
    assert call.closed_as_stale_at is not None
    assert told(call)[-1] == "post_call"
    assert (
        AuditEntry.objects.filter(act="Closed a stale call", object_id=str(call.pk), company=call.company).count() == 1
    )
    assert call.resource_id in caplog.text
    page = login(factories.make_member(call.company)).get(f"/admin/calls/call/{call.pk}/change/").content.decode()
    assert "never reported the end" in page
    age(call, settings.CALL_SILENT_SECONDS + 5)
    assert told(call).count("post_call") == 1


def test_its_real_end_is_taken_when_it_comes_after_all(tracker, settings):
    call = make(tracker)
    age(call, settings.CALL_SILENT_SECONDS + 5)
    assert call.closed_as_stale_at
    ended = timezone.now()
    data = {"external_source": "pbx", "external_id": "1", "ended_at": ended, "duration": 7}
    create_or_update_call(company=tracker.company, data=data)
    call.refresh_from_db()
    assert (call.ended_at, call.closed_as_stale_at) == (ended, None)
    assert told(call) == ["pre_call", "post_call"]


def test_one_that_a_person_typed_in_is_left_alone(tracker, settings):
    call = make(tracker, external_source="", external_id="")
    age(call, settings.CALL_SILENT_SECONDS + 5)
    assert call.ended_at is None


def test_one_that_was_answered_waits_for_no_recording(tracker, settings):
    """Who never reports the end reports no recording either: even where a call counts as stale within a minute."""
    settings.CALL_SILENT_SECONDS = 60
    began = timezone.now() - timedelta(seconds=70)
    call = make(tracker, start_time=began, answered_at=began + timedelta(seconds=5))
    assert call.company.recording_expected
    age(call, 65)
    assert call.ended_at == call.answered_at, "and the wait for a recording, which begins here, is not over"
    assert told(call)[-1] == "post_call"
