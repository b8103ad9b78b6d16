"""Past events in transactions of their own: they arrive, signed by their subscription, and a late commit is waited
for."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook

from subscriptions.models import Delivery, Event
from subscriptions.past import jobs
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db(transaction=True)


def begin(subscription):
    now = timezone.now()
    return jobs.start(subscription, since=now - timedelta(days=1), until=now + timedelta(days=1), per_second=1000)


def test_they_arrive_signed_by_the_subscription_that_they_are_sent_to(receiver):
    company = make_company()
    first = make_subscription(company, url="http://127.0.0.1:9/gone", events=["pre_call"], state="paused")
    make_call(company)
    late = make_subscription(company, url=receiver.url, events=["pre_call"])
    begin(late)
    assert jobs.step() == 1
    drain_until(nothing_pending)
    (got,) = receiver.got
    Webhook(late.secret).verify(got.body, got.headers)
    assert got.body == bytes(Event.objects.get().body)
    assert got.headers["webhook-id"] == Event.objects.get().webhook_id
    assert Delivery.objects.get(subscription=first).state == "held"


def test_an_event_whose_transaction_commits_late_is_not_passed():
    company = make_company()
    tracker = make_tracker(company)
    published, commit = threading.Event(), threading.Event()

    def publish_slowly():
        try:
            with transaction.atomic():
                make_call(company, tracker, customer_phone_number="+12145550101")
                published.set()
                assert commit.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=publish_slowly, daemon=True)
    thread.start()
    assert published.wait(20)
    late = make_subscription(company, events=["pre_call"])
    make_call(company, tracker)  # what there is to count: sent already, because the subscription is there
    job = begin(late)
    try:
        assert jobs.step() == 0
    finally:
        commit.set()
        thread.join(20)
    assert jobs.step() == 1
    job.refresh_from_db()
    assert (job.state, job.sent, job.had) == ("done", 1, 1)
    assert Delivery.objects.filter(subscription=late).count() == 2
