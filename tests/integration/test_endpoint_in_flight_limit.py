"""However well an endpoint answers, a drain has no more requests in flight there than the setting says."""

import threading

import pytest

from subscriptions.delivery.fairness import Paces
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_at_most_two_requests_at_a_time(receiver: Receiver):
    now, most, lock = 0, 0, threading.Lock()
    pause = threading.Event()

    def answer(got):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        pause.wait(0.005)
        with lock:
            now -= 1
        return 200, {}, b""

    receiver.answer = answer
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    tracker = make_tracker(company)
    for _ in range(60):
        make_call(company, tracker)
    drain_until(nothing_pending, paces=Paces(2))
    assert most == 2
    assert len(receiver.got) == 60
