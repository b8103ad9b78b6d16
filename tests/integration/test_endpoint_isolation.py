"""Endpoints that hang take some places, never all: the others' deliveries arrive meanwhile."""

import threading
import time

import pytest

from subscriptions.models import Delivery
from tests.support.claims import claim
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver, running_receiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_healthy_deliveries_arrive_while_more_endpoints_hang_than_there_are_places(receiver: Receiver):
    release = threading.Event()
    healthy = make_company("Healthy")
    make_subscription(healthy, url=receiver.url, events=["pre_call"])
    make_call(healthy)
    drain_until(nothing_pending)
    with running_receiver() as dead:

        def hang(got):
            release.wait(120)
            return 200, {}, b""

        dead.answer = hang
        for number in range(16):
            company = make_company(f"Dead {number}")
            make_subscription(company, url=dead.url, events=["pre_call"])
            for _ in range(4):
                make_call(company)
        for _ in range(29):
            make_call(healthy)
        try:
            # The hanging requests are let go only once the healthy ones have arrived.
            drain_until(lambda: _release_when(release, len(receiver.got) == 30), in_flight=8)
        finally:
            release.set()
    assert Delivery.objects.filter(company=healthy, state="delivered").count() == 30
    assert Delivery.objects.filter(state="delivered").count() < 30 + 8


def _release_when(release: threading.Event, arrived: bool) -> bool:
    if arrived:
        release.set()
    return arrived


def test_failing_and_unknown_endpoints_get_no_more_than_they_may():
    now = time.time()
    for number in range(6):
        company = make_company(f"Company {number}")
        subscription = make_subscription(company, events=["pre_call"])
        make_call(company)
        make_call(company)
        _health(subscription, failing=number < 2, well=number >= 4, now=now)
    jobs = claim(failing=1, unknown=3)
    trusts = sorted(job.trust for job in jobs)
    assert trusts == [0, 1, 1, 1, 2, 2, 2, 2]


def test_an_endpoint_with_a_stuck_request_is_not_trusted():
    company = make_company()
    make_subscription(company, events=["pre_call"])
    make_call(company)
    claim()
    Delivery.objects.update(due_at=_in_seconds(50))  # its lease of 60 s began 10 s ago
    make_call(company)
    assert [job.trust for job in claim()] == [0]


def _in_seconds(seconds: float):
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now() + timedelta(seconds=seconds)


def _health(subscription, *, failing: bool, well: bool, now: float) -> None:
    from subscriptions.models import EndpointHealth

    EndpointHealth.objects.create(
        subscription=subscription,
        window_began=_in_seconds(0),
        failing_since=_in_seconds(-10) if failing else None,
        last_success_at=_in_seconds(-5) if well else None,
    )
