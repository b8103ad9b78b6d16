"""What waits keeps nobody from being served: not for a retry, not behind a breaker, and however many wait."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models.functions import Now

from subscriptions.delivery import outbox
from subscriptions.delivery.outbox import Position, claiming
from subscriptions.models import Company, Delivery, EndpointQueue, Event, Subscription
from tests.support.claims import claim, delivered, failed, finish, one_claim
from tests.support.drains import drain_until
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Receiver, running_receiver

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 1200  # far above all that one claim looks at


def endpoints_with_one_delivery(url: str, number: int = MANY) -> None:
    """Companies with one subscription each, to which one event is due."""
    companies = Company.objects.bulk_create(Company(name=f"Dead {n}") for n in range(number))
    subscriptions = Subscription.objects.bulk_create(
        Subscription(company=company, name="CRM", url=f"{url}/{company.pk}", events=["pre_call"])
        for company in companies
    )
    events = Event.objects.bulk_create(
        Event(
            id=outbox_id(),
            company_id=one.company_id,
            type="pre_call",
            subject_id=f"CAL{one.pk}",
            sequence=1,
            body=b"{}",
            fan_out=1,
            created_at=Now(),
        )
        for one in subscriptions
    )
    Delivery.objects.bulk_create(
        Delivery(company_id=one.company_id, event=event, subscription=one, due_at=Now(), stage=1)
        for one, event in zip(subscriptions, events, strict=True)
    )


def outbox_id():
    from subscriptions.lib.ids import uuid7

    return uuid7()


def test_a_new_endpoint_behind_many_that_wait_for_a_retry_gets_all_of_its_webhooks(receiver: Receiver, monkeypatch):
    monkeypatch.setattr(claiming, "COMPANIES_PER_CLAIM", 20)
    monkeypatch.setattr(claiming, "ENDPOINTS_PER_CLAIM", 40)
    many = 100  # more than two claims look at
    with running_receiver() as dead:
        dead.answer = lambda got: (500, {}, b"")
        endpoints_with_one_delivery(dead.url, many)
        # Not all at once: the receiver is one process with this test.
        drain_until(lambda: len({got.path for got in list(dead.got)}) == many, in_flight=100)
        assert not Delivery.objects.filter(state="delivered").exists()
        company = make_company("Well")
        make_subscription(company, url=receiver.url, events=["pre_call"])
        tracker = make_tracker(company)
        for _ in range(40):
            make_call(company, tracker)
        drain_until(lambda: len(receiver.got) == 40, in_flight=2500)


def test_a_company_with_exactly_as_many_endpoints_as_one_claim_looks_at_is_met_again(monkeypatch):
    monkeypatch.setattr(claiming, "ENDPOINTS_PER_CLAIM", 2)
    company = make_company()
    for _ in range(2):
        make_subscription(company, events=["pre_call"])
    tracker = make_tracker(company)
    for _ in range(3):
        make_call(company, tracker)
    assert_each_claim_brings_two(claims=3)


def test_exactly_as_many_companies_as_one_claim_looks_at_are_met_again(monkeypatch):
    monkeypatch.setattr(claiming, "COMPANIES_PER_CLAIM", 2)
    for name in ("One", "Two"):
        company = make_company(name)
        make_subscription(company, events=["pre_call"])
        tracker = make_tracker(company)
        for _ in range(3):
            make_call(company, tracker)
    assert_each_claim_brings_two(claims=3)


def assert_each_claim_brings_two(claims: int) -> None:
    """None looks behind the last one for nothing: every third did."""
    position = Position()
    for _ in range(claims):
        jobs = one_claim(window=1, position=position).rows
        assert len(jobs) == 2
        finish(*map(delivered, jobs))
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_endpoints_that_can_take_nothing_are_met_once_and_then_by_no_claim():
    """All are behind an open breaker."""
    assert 2 * max(claiming.ENDPOINTS_PER_CLAIM, claiming.COMPANIES_PER_CLAIM) < MANY
    endpoints_with_one_delivery("http://127.0.0.1:9")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO subscriptions_endpointhealth "
            "(subscription_id, window_began, window_good, window_bad, opened, last_failure, open_until) "
            "SELECT id, now(), 0, 5, 1, '', now() + interval '5 min' FROM subscriptions_subscription"
        )
    position = Position()
    for _ in range(20):
        if not one_claim(limit=500, position=position).cut:
            break
    assert claim() == []
    assert EndpointQueue.objects.count() == MANY
    assert not Delivery.objects.exclude(stage=Delivery.Stage.PARKED).exists()
    assert not outbox.look().to_claim
    company = make_company("Well")
    make_subscription(company, events=["pre_call"])
    make_call(company)
    assert [job.company for job in claim()] == [company.pk], "the first claim finds it"


def test_a_retry_that_falls_due_behind_an_open_breaker_is_parked_before_any_claim_meets_it():
    endpoints_with_one_delivery("http://127.0.0.1:9", 2)
    shut = Subscription.objects.earliest("pk")
    Delivery.objects.update(stage=Delivery.Stage.SCHEDULED)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO subscriptions_endpointhealth "
            "(subscription_id, window_began, window_good, window_bad, opened, last_failure, open_until) "
            "VALUES (%s, now(), 0, 5, 1, '', now() + interval '5 min')",
            [shut.pk],
        )
    assert outbox.stage() == 1, "only the other can be claimed"
    assert Delivery.objects.get(subscription=shut).stage == Delivery.Stage.PARKED
    assert EndpointQueue.objects.get().subscription_id == shut.pk


def test_a_parked_endpoint_is_served_when_its_time_comes_and_leaves_the_queue_when_nothing_is_parked():
    endpoints_with_one_delivery("http://127.0.0.1:9", 1)
    subscription = Subscription.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO subscriptions_endpointhealth "
            "(subscription_id, window_began, window_good, window_bad, opened, last_failure, open_until) "
            "SELECT id, now(), 0, 5, 0, '', now() + interval '5 min' FROM subscriptions_subscription"
        )
    assert claim() == []
    subscription.health.__class__.objects.forget(subscription.pk)
    assert outbox.look().to_claim, "its address changed: it is looked at now"
    assert len(claim()) == 1
    assert claim() == []
    assert not EndpointQueue.objects.exists()


def test_an_endpoint_that_had_as_much_under_way_as_it_may_goes_on_with_the_outcome():
    company = make_company()
    make_subscription(company, events=["pre_call"])
    tracker = make_tracker(company)
    for _ in range(3):
        make_call(company, tracker)
    (job,) = claim(window=1)
    assert one_claim(window=1).more, "it is tried again with the next outcome"
    with connection.cursor() as cursor:  # its request has been under way for ten seconds
        cursor.execute("UPDATE subscriptions_delivery SET due_at = due_at - interval '10 s' WHERE claim IS NOT NULL")
    assert not one_claim(window=1).more
    assert set(Delivery.objects.exclude(pk=job.id).values_list("stage", flat=True)) == {Delivery.Stage.PARKED}
    outbox.finish([failed(job)])
    assert outbox.look().to_claim
    assert len(claim(window=1)) == 1


def test_what_is_parked_can_be_cancelled_held_and_let_go_again():
    from subscriptions.endpoints import operations

    endpoints_with_one_delivery("http://127.0.0.1:9", 2)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO subscriptions_endpointhealth "
            "(subscription_id, window_began, window_good, window_bad, opened, last_failure, open_until) "
            "SELECT id, now(), 0, 5, 1, '', now() + interval '5 min' FROM subscriptions_subscription"
        )
    assert claim() == []
    one, two = Subscription.objects.order_by("pk")
    assert operations.cancel(Delivery.objects.filter(subscription=one)) == 1
    operations.pause(two)
    assert Delivery.objects.get(subscription=two).state == "held"
    operations.resend(Delivery.objects.filter(subscription=one))
    operations.resume(two, send_held=True)
    assert [job.endpoint for job in claim()] == [two.pk]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
