"""Resend all failed since…: counted first, at a rate, with progress; cancelled or restarted without loss or repeat."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from subscriptions.endpoints import operations, resend_jobs
from subscriptions.lib.errors import ActionRefused
from subscriptions.models import Delivery, ResendJob, Subscription
from tests.support.factories import make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription() -> Subscription:
    subscription = make_subscription(make_company(), events=["pre_call"])
    tracker = make_tracker(subscription.company)
    for _ in range(12):
        make_call(subscription.company, tracker)
    Delivery.objects.update(state="failed", due_at=None, attempts=10)
    return subscription


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch) -> None:
    """What a job may send is a matter of tenths of a second; how long a test takes is not."""
    now = timezone.now()
    monkeypatch.setattr(resend_jobs, "database_now", lambda: now)


def begin(subscription: Subscription, **more) -> ResendJob:
    now = timezone.now()
    return resend_jobs.start(
        subscription, since=now - timedelta(hours=1), until=now + timedelta(minutes=1), **{"per_second": 5, **more}
    )


def let_a_second_pass() -> None:
    ResendJob.objects.update(stepped_at=F("stepped_at") - timedelta(seconds=1))


def test_the_count_is_known_before_it_starts(subscription):
    job = begin(subscription)
    assert (job.total, job.sent, job.state) == (12, 0, "running")


def test_it_goes_on_at_its_rate_until_done(subscription):
    begin(subscription)
    sent = []
    for _ in range(3):
        resend_jobs.step()
        sent.append(ResendJob.objects.get().sent)
        let_a_second_pass()
    assert sent == [5, 10, 12]
    job = ResendJob.objects.get()
    assert job.state == "done"
    assert job.finished_at is not None
    assert set(Delivery.objects.values_list("state", "lane", "round_began_after")) == {("pending", 1, 10)}


def test_two_steps_in_the_same_moment_send_no_more(subscription):
    begin(subscription)
    assert resend_jobs.step() == 5
    assert resend_jobs.step() == 0


def test_a_cancelled_job_stops(subscription):
    job = begin(subscription)
    resend_jobs.step()
    resend_jobs.cancel(job)
    let_a_second_pass()
    assert resend_jobs.step() == 0
    assert Delivery.objects.filter(state="failed").count() == 7


def test_what_failed_again_meanwhile_is_not_sent_twice_by_one_job(subscription):
    begin(subscription)
    resend_jobs.step()
    Delivery.objects.filter(state="pending").update(state="failed", due_at=None)
    for _ in range(3):
        let_a_second_pass()
        resend_jobs.step()
    assert ResendJob.objects.get().sent == 12


def test_only_the_states_and_time_asked_for(subscription):
    first = Delivery.objects.earliest("pk")
    Delivery.objects.filter(pk=first.pk).update(state="delivered")
    Delivery.objects.filter(pk=first.pk + 1).update(created_at=timezone.now() - timedelta(days=2))
    assert begin(subscription).total == 10


def test_a_second_job_for_the_same_subscription_is_refused(subscription):
    begin(subscription)
    with pytest.raises(ActionRefused, match="running already"):
        begin(subscription)


def test_nothing_to_send_is_said(subscription):
    Delivery.objects.update(state="delivered")
    with pytest.raises(ActionRefused, match="nothing to send"):
        begin(subscription)


def test_while_paused_the_job_waits(subscription):
    begin(subscription)
    operations.pause(subscription)
    assert resend_jobs.step() == 0
    operations.resume(subscription, send_held=True)
    assert resend_jobs.step() == 5


def test_a_job_that_cannot_go_on_keeps_no_other_one_waiting(subscription):
    """As one whose beginning no program can read back, which the form once took."""
    bad = begin(subscription)
    other = make_subscription(make_company("Other"), events=["pre_call"])
    for _ in range(3):
        make_call(other.company)
    Delivery.objects.filter(subscription=other).update(state="failed", due_at=None)
    good = begin(other)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscriptions_resendjob SET since = '0001-01-01 BC' WHERE id = %s", [bad.pk])
    let_a_second_pass()
    assert resend_jobs.step() > 0
    states = dict(ResendJob.objects.values_list("pk", "state"))
    assert (states[bad.pk], states[good.pk]) == ("cancelled", "done")
