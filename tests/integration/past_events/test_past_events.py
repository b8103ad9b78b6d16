"""Past events to a subscription that did not get them: counted, as a job at a rate, once, in order, with nothing
skipped in silence."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from subscriptions.endpoints import operations, resend_jobs
from subscriptions.endpoints.test_events import send_test
from subscriptions.feed import horizon
from subscriptions.feed.cursors import BEGINNING
from subscriptions.feed.manifests import making
from subscriptions.feed.reading import Feed
from subscriptions.lib.errors import ActionRefused
from subscriptions.maintenance.integrity_check import check_integrity, is_sound
from subscriptions.models import Delivery, Event, EventBody, ResendJob, ShapedBody
from subscriptions.past import dry_run, jobs, reading, walking
from tests.support import factories

pytestmark = pytest.mark.django_db
LONG = {"field": "duration", "min": 60}


def subscribe(company, **more):
    return factories.make_subscription(company, events=["post_call"], **more)


def begin(subscription, **more):
    now = timezone.now()
    asked = {"since": now - timedelta(days=1), "until": now, "per_second": 100, **more}
    return jobs.start(subscription, **asked)


def finish(job):
    for _ in range(20):
        jobs.step()
        ResendJob.objects.filter(pk=job.pk).update(stepped_at=timezone.now() - timedelta(seconds=1))
        job.refresh_from_db()
        if job.state != "running":
            return job
    raise AssertionError("It does not end.")


def got(subscription):
    return list(Delivery.objects.filter(subscription=subscription).order_by("created_at", "pk"))


def is_well():
    Event.objects.update(xact=0)
    return is_sound(check_integrity(seconds=None))


def test_what_happened_before_is_sent_in_its_order(company):
    calls = [factories.ended_call(company) for _ in range(3)]
    old = Event.objects.filter(type="post_call").order_by("created_at")
    before = timezone.now()
    late = subscribe(company)
    job = begin(late)
    assert (job.total, job.kind) == (3, "past")
    finish(job)
    assert (job.sent, job.filtered, job.had, job.gone, job.state) == (3, 0, 0, 0, "done")
    rows = got(late)
    assert [row.event_id for row in rows] == [event.id for event in old]
    assert {(row.state, row.stage, row.lane) for row in rows} == {("pending", 1, 1)}
    assert [row.due_at for row in rows] == sorted(row.due_at for row in rows)
    assert all(row.created_at >= before for row in rows)  # so the manifest of this day lists them
    assert len(calls) == 3
    assert is_well()


def test_a_second_run_sends_nothing_twice_unless_it_is_asked_to(company):
    factories.ended_call(company)
    late = subscribe(company)
    finish(begin(late))
    Delivery.objects.update(state="delivered", due_at=None, stage=0, finished_at=timezone.now(), attempts=1)
    job = finish(begin(late))
    assert (job.sent, job.had) == (0, 1)
    assert got(late)[0].state == "delivered"
    job = finish(begin(late, repeat=True))
    assert (job.sent, job.had) == (1, 0)
    (row,) = got(late)
    assert (row.state, row.reason) == ("pending", "Sent again on request.")


def test_the_filter_decides_and_leaves_a_row(company):
    for seconds in (70, 5):
        factories.ended_call(company, duration=seconds)
    late = subscribe(company, conditions=LONG)
    job = finish(begin(late))
    assert (job.sent, job.filtered) == (1, 1)
    reasons = {row.reason for row in got(late) if row.state == "cancelled"}
    assert reasons == {"Filtered out: Duration at least 60 was wanted; it was 5."}
    assert is_well()


def test_a_wider_filter_sends_what_an_earlier_run_left_out(company):
    factories.ended_call(company)
    late = subscribe(company, conditions=LONG)
    finish(begin(late))
    assert (finish(begin(late)).filtered, got(late)[0].state) == (1, "cancelled")
    late.conditions = None
    late.save()
    job = finish(begin(late))
    assert (job.sent, got(late)[0].state) == (1, "pending")
    assert Event.objects.get(type="post_call").fan_out == 1


def test_it_keeps_to_its_rate_and_can_be_cancelled(company):
    for _ in range(4):
        factories.ended_call(company)
    late = subscribe(company)
    job = begin(late, per_second=2)
    assert jobs.step() == 2
    assert jobs.step() == 0
    resend_jobs.cancel(job)
    ResendJob.objects.update(stepped_at=timezone.now() - timedelta(seconds=1))
    assert jobs.step() == 0
    assert len(got(late)) == 2


def test_while_paused_it_waits(company):
    factories.ended_call(company)
    late = subscribe(company)
    begin(late)
    operations.pause(late)
    assert jobs.step() == 0
    operations.resume(late, send_held=True)
    assert jobs.step() == 1


def test_it_waits_for_transactions_that_began_before_it(company, monkeypatch):
    factories.ended_call(company)
    job = begin(subscribe(company))
    ResendJob.objects.filter(pk=job.pk).update(waits_for=horizon.read().next + 10)
    assert jobs.step() == 0
    job.refresh_from_db()
    assert job.state == "running"
    ResendJob.objects.filter(pk=job.pk).update(waits_for=0)
    assert jobs.step() == 1


def test_steps_that_find_little_go_on(company, monkeypatch):
    monkeypatch.setattr(walking, "MOST_SCANNED", 2)
    for _ in range(2):
        factories.make_form(company)
    factories.ended_call(company)
    for _ in range(2):
        factories.make_form(company)
    factories.ended_call(company)
    late = subscribe(company)
    assert (finish(begin(late)).sent, len(got(late))) == (2, 2)


def test_tests_other_companies_and_its_own_webhooks_are_not_among_them(company):
    other = factories.make_company("Other", recording_expected=False, transcription_expected=False)
    factories.ended_call(other)
    late = subscribe(company)
    send_test(subscribe(company), "post_call")
    with pytest.raises(ActionRefused, match="no events"):
        begin(late)


def test_the_event_of_anothers_manifest_is_not_among_them(company):
    first = factories.make_subscription(company, events=["post_call", "manifest.ready"])
    factories.ended_call(company)
    assert making.make(first, timezone.now().date())
    assert Delivery.objects.filter(subscription=first, event__type="manifest.ready").exists()
    late = factories.make_subscription(company, events=["manifest.ready"])
    with pytest.raises(ActionRefused, match="no events"):
        begin(late)


def test_what_is_older_than_what_is_kept_is_gone(company, settings):
    settings.RETAIN_DELIVERED_DAYS = 30
    factories.ended_call(company)
    Event.objects.update(created_at=timezone.now() - timedelta(days=40))
    late = subscribe(company)
    with pytest.raises(ActionRefused, match="no events"):
        begin(late, since=timezone.now() - timedelta(days=50))
    with pytest.raises(ActionRefused, match="are gone: this service keeps them for 30 days"):
        begin(late, since=timezone.now() - timedelta(days=50), until=timezone.now() - timedelta(days=35))


def test_an_event_that_is_deleted_meanwhile_is_counted(company, monkeypatch):
    factories.ended_call(company)
    late = subscribe(company)
    job = begin(late)
    found = walking.walk

    def walk(*asked):
        walked = found(*asked)
        Event.objects.all().delete()
        return walked

    monkeypatch.setattr(walking, "walk", walk)
    assert finish(job).gone == 1
    assert not got(late)


# --- bodies -----------------------------------------------------------------------------------------------------------
def test_an_event_without_a_body_in_its_version_is_left_out_and_can_be_sent(company):
    factories.ended_call(company)
    late = subscribe(company, payload_version="2026-05")
    job = finish(begin(late))
    assert (job.sent, job.filtered) == (0, 1)
    (row,) = got(late)
    assert (row.state, row.payload_version) == ("cancelled", "article")
    assert row.reason.startswith("Filtered out: It has no body in payload version 2026-05.")
    assert is_well()
    assert (finish(begin(late)).filtered, got(late)[0].state) == (1, "cancelled")  # nor by a second job
    finish(begin(late, as_stored=True))
    assert got(late)[0].state == "pending"
    assert is_well()


def test_as_stored_sends_the_version_that_is_there(company):
    factories.ended_call(company)
    late = subscribe(company, payload_version="2026-05")
    assert finish(begin(late, as_stored=True)).sent == 1
    assert got(late)[0].payload_version == "article"


def test_a_body_of_its_version_is_taken(company):
    subscribe(company, payload_version="2026-05")
    factories.ended_call(company)
    assert EventBody.objects.count() == 1
    late = subscribe(company, payload_version="2026-05")
    finish(begin(late))
    assert got(late)[0].payload_version == "2026-05"


def test_a_shape_is_applied_and_frozen(company):
    factories.ended_call(company, duration=5)
    factories.ended_call(company, duration=70)
    late = subscribe(company, shape={"only": ["duration"]}, conditions=LONG)
    finish(begin(late))
    bodies = [json.loads(bytes(row.body)) for row in ShapedBody.objects.filter(subscription_id=late.pk)]
    assert sorted(body["duration"] for body in bodies) == ["5", "70"]  # what is left out has its body, too
    assert all(row.shaped for row in got(late))
    assert is_well()


def test_they_go_together_where_the_subscription_asks_for_that(company):
    factories.ended_call(company)
    late = subscribe(company, batch_events=10)
    finish(begin(late))
    (row,) = got(late)
    assert (row.batch, row.stage) == (Delivery.Batch.JSON, Delivery.Stage.AVAILABLE)


# --- another subscription's -------------------------------------------------------------------------------------------
def test_what_another_one_got_is_replayed_here(company):
    first = subscribe(company, conditions=LONG)
    for seconds in (70, 5):
        factories.ended_call(company, duration=seconds)
    send_test(first, "post_call")
    operations.archive(first)
    factories.ended_call(company, duration=80)
    late = subscribe(company, name="New")
    job = begin(late, source=first)
    assert job.total == 1
    finish(job)
    (row,) = got(late)
    wanted = Delivery.objects.exclude(reason__startswith="Filtered out").get(subscription=first, event__test=False)
    assert row.event_id == wanted.event_id


def test_of_much_that_another_one_got_the_newest_is_looked_at(company, monkeypatch):
    first = subscribe(company)
    for _ in range(3):
        factories.ended_call(company)
    late = subscribe(company)
    now = timezone.now()
    asked = {"since": now - timedelta(hours=1), "until": now, "source": first}
    assert jobs.count(late, **asked).counts.total == 3
    monkeypatch.setattr(dry_run, "MOST_JUDGED", 1)
    monkeypatch.setattr(reading, "MOST_OF_SOURCE", 2)
    found = jobs.count(late, **asked).counts
    assert (found.judged, found.total, found.at_least) == (1, 2, True)
    other = factories.make_subscription(company, events=["form_submission"])
    found = jobs.count(other, **asked).counts
    assert (found.total, found.at_least) == (0, True)  # none among the newest, and there are more
    assert begin(late, source=first).total == 3


def test_neither_its_own_nor_another_companys(company):
    late = subscribe(company)
    with pytest.raises(ActionRefused, match="its own webhooks"):
        begin(late, source=late)
    with pytest.raises(ActionRefused, match="another company"):
        begin(late, source=factories.make_subscription(factories.make_company("Other")))
    with pytest.raises(ActionRefused, match="does not ask for Form Submission"):
        begin(late, events=["form_submission"])


# --- the proof --------------------------------------------------------------------------------------------------------
def test_feed_and_manifest_agree_afterwards(company):
    for seconds in (70, 5, 80):
        factories.ended_call(company, duration=seconds)
    late = subscribe(company, conditions=LONG)
    finish(begin(late))
    monday = timezone.now().date()
    manifest = making.make(late, monday)
    assert manifest.events == 2
    with connection.cursor() as cursor:  # the test's own transaction still runs
        cursor.execute("UPDATE subscriptions_event SET position = 0")
    page = Feed(late.company, late).read(BEGINNING, size=10)
    assert Counter(event.id for event in page.events) == Counter(
        row.event_id for row in got(late) if row.state == "pending"
    )


def test_counting_changes_nothing_and_says_what_would_become_of_each(company):
    factories.ended_call(company, duration=70)
    late = subscribe(company, conditions=LONG)
    factories.ended_call(company, duration=80)
    factories.ended_call(company, duration=5)
    Delivery.objects.filter(state="cancelled").delete()
    before = Delivery.objects.count()
    now = timezone.now()
    found = jobs.count(late, since=now - timedelta(hours=1), until=now).counts
    assert (found.total, found.would_go, found.filtered_out, found.already_there) == (3, 1, 1, 1)
    assert Delivery.objects.count() == before
    assert not ResendJob.objects.exists()
