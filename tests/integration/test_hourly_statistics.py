"""The hourly statistics of the home page count each attempt once, whoever counts and when."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import UTC, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from subscriptions.maintenance import retention, statistics
from subscriptions.models import Attempt, CompanyStatistics, Delivery, HourlyStatistics, ServiceStatistics
from tests.support import factories
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company():
    return factories.make_company()


def deliveries_of(company, count: int) -> list[Delivery]:
    factories.make_subscription(company, events=["post_call"])
    tracker = company.trackers.first() or factories.make_tracker(company)
    for _ in range(count):
        factories.ended_call(company, tracker)
    return list(Delivery.objects.filter(company=company).order_by("pk"))


def tried(delivery: Delivery, outcome: str = "delivered", number: int = 1, **fields) -> Attempt:
    fields.setdefault("started_at", timezone.now())
    return Attempt.objects.create(
        delivery=delivery, number=number, outcome=outcome, url="https://example.com", **fields
    )


def counts(hours) -> tuple[int, int, int]:
    whole = statistics.sum_up(hours)
    return whole.delivered, whole.failed, whole.retried


def settled() -> None:
    """As if two sweeps had passed."""
    statistics.roll_up()
    statistics.roll_up()


def test_what_is_rolled_up_is_what_a_count_finds(company):
    draw, now = random.Random(7), timezone.now()
    expected: Counter = Counter()
    for delivery in deliveries_of(company, 12):
        given_up = draw.random() < 0.4
        tries = draw.randint(1, 4)
        Delivery.objects.filter(pk=delivery.pk).update(
            state="failed" if given_up else "delivered", due_at=None, attempts=tries
        )
        for number in range(1, tries + 1):
            at = now - timedelta(hours=draw.randint(0, 30), minutes=draw.randint(0, 59))
            last = number == tries
            outcome = "delivered" if last and not given_up else draw.choice(["failed", "lost"])
            tried(delivery, outcome, number, started_at=at)
            kind = "delivered" if outcome == "delivered" else "failed" if last else "retried"
            expected[at.astimezone(UTC).replace(minute=0, second=0, microsecond=0), kind] += 1
        if draw.random() < 0.3:
            statistics.roll_up()  # in the middle of it, too
    settled()
    assert HourlyStatistics.objects.count() > 1
    for found in (
        statistics.read_for_companies([company.pk], hours=48),
        statistics.read_for_companies(None, hours=48),
        statistics.read_for_subscriptions([company.subscriptions.get().pk], hours=48)[company.subscriptions.get().pk],
    ):
        assert {
            (hour, kind): getattr(one, kind)
            for hour, one in found.items()
            for kind in ("delivered", "failed", "retried")
            if getattr(one, kind)
        } == dict(expected)


def test_what_no_sweep_has_counted_yet_is_shown_too(company):
    first, second = deliveries_of(company, 2)
    tried(first)
    assert counts(statistics.read_for_companies([company.pk], hours=24)) == (1, 0, 0)
    settled()
    tried(second)
    assert counts(statistics.read_for_companies([company.pk], hours=24)) == (2, 0, 0)
    settled()
    assert counts(statistics.read_for_companies([company.pk], hours=24)) == (2, 0, 0)


def test_a_row_with_a_lower_id_that_is_committed_later_is_not_passed_by(company):
    early, late = deliveries_of(company, 2)

    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            tried(late)  # has the lower id
            written.set()
            assert go_on.wait(120)

    def quick() -> None:
        assert written.wait(120)
        tried(early)
        settled()
        settled()
        counted = HourlyStatistics.objects.exists()
        go_on.set()
        assert not counted, "it waits for the transaction that is still open"

    at_once([slow, quick])
    settled()
    settled()
    assert HourlyStatistics.objects.get().delivered == 2


def test_many_that_count_at_once_count_once(company):
    for delivery in deliveries_of(company, 6):
        tried(delivery)
    statistics.roll_up()
    at_once([statistics.roll_up] * 4)
    settled()
    assert HourlyStatistics.objects.get().delivered == 6


def test_a_webhook_sent_again_counts_as_given_up_then_and_as_delivered_now(company):
    (delivery,) = deliveries_of(company, 1)
    Delivery.objects.filter(pk=delivery.pk).update(state="failed", due_at=None, attempts=1)
    tried(delivery, "failed", started_at=timezone.now() - timedelta(hours=3))
    settled()
    Delivery.objects.filter(pk=delivery.pk).update(state="delivered", attempts=2, round_began_after=1)
    tried(delivery, number=2)
    settled()
    whole = statistics.read_for_companies([company.pk], hours=24)
    assert counts(whole) == (1, 1, 0)
    assert len(whole) == 2
    assert sum(statistics.sum_up(whole).latency) == 0, "how long somebody waited is not how long it took"


def test_other_companies_and_older_hours_are_not_counted(company):
    ours, old = deliveries_of(company, 2)
    tried(ours)
    tried(old, started_at=timezone.now() - timedelta(hours=25))
    (theirs,) = deliveries_of(factories.make_company("Other"), 1)
    tried(theirs)
    for _ in range(2):
        assert counts(statistics.read_for_companies([company.pk], hours=24)) == (1, 0, 0)
        assert counts(statistics.read_for_companies([], hours=24)) == (0, 0, 0)
        assert counts(statistics.read_for_companies(None, hours=24)) == (2, 0, 0)
        settled()


def test_latency_is_told_as_the_step_it_lies_within(company):
    made = deliveries_of(company, 20)
    for number, delivery in enumerate(made):
        tried(delivery, started_at=delivery.created_at, duration_ms=40 if number < 18 else 900)
    settled()
    whole = statistics.sum_up(statistics.read_for_companies([company.pk], hours=24))
    assert (whole.within(0.5), whole.within(0.9), whole.within(0.95)) == (50, 50, 1000)
    assert whole.success == 1.0
    assert statistics.Statistics().within(0.95) is None
    assert statistics.Statistics().success is None


def test_old_hours_go(company):
    (delivery,) = deliveries_of(company, 1)
    tried(delivery)
    tried(delivery, "failed", 2, started_at=timezone.now() - timedelta(days=statistics.KEPT_DAYS + 1))
    settled()
    kept = (HourlyStatistics, CompanyStatistics, ServiceStatistics)
    assert [model.objects.count() for model in kept] == [2, 2, 2]
    retention.delete_expired()
    assert [model.objects.count() for model in kept] == [1, 1, 1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM subscriptions_figuresmark")
        assert cursor.fetchone() == (1,)


def test_the_sums_of_companies_and_of_the_service_are_those_of_their_subscriptions(company):
    other = factories.make_company("Other")
    made = [*deliveries_of(company, 2), *deliveries_of(other, 1)]
    for number in range(1, 4):  # in three counts, the later ones add to the hour's row
        for delivery in made:
            tried(delivery, "delivered" if number > 1 else "failed", number, duration_ms=40)
        settled()
    named = ("delivered", "failed", "retried", "latency")

    def whole(rows):
        return [[getattr(row, name) for name in named] for row in rows.order_by("hour")]

    for one in (company, other):
        parts = HourlyStatistics.objects.filter(company=one)
        (sums,) = whole(CompanyStatistics.objects.filter(company=one))
        assert sums[:3] == [sum(getattr(row, name) for row in parts) for name in named[:3]]
        assert sums[3] == [sum(step) for step in zip(*(row.latency for row in parts), strict=True)]
    (service,), each = whole(ServiceStatistics.objects), whole(CompanyStatistics.objects)
    assert service[:3] == [sum(row[place] for row in each) for place in range(3)]
    assert sum(service[3]) == service[0] == 6
    assert statistics.sum_up(statistics.read_for_companies(None, hours=24)).delivered == 6


def test_latency_is_read_as_far_back_as_asked(company):
    (delivery,) = deliveries_of(company, 1)
    tried(delivery, duration_ms=40)
    settled()
    day_ago = CompanyStatistics.objects.get().hour - timedelta(hours=30)
    CompanyStatistics.objects.update(hour=day_ago)
    (found,) = statistics.read_for_companies([company.pk], hours=48, latency_hours=24).values()
    assert (found.delivered, sum(found.latency)) == (1, 0)
    (found,) = statistics.read_for_companies([company.pk], hours=48).values()
    assert sum(found.latency) == 1
