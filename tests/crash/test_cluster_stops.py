"""SIGTERM: what is under way is finished, the rest is handed back uncounted, and the cluster ends soon."""

import threading
from pathlib import Path

import pytest

from subscriptions.models import Attempt, Delivery
from tests.crash.cluster import running_cluster
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Receiver

# None of the requests that are under way shall time out, however busy the machine is.
PATIENT = {"WEBHOOK_CONNECT_TIMEOUT": "8", "WEBHOOK_TOTAL_TIMEOUT": "8", "DELIVERY_LEASE_SECONDS": "20"}
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


def test_a_graceful_stop_leaves_no_lease_and_no_lost_attempt(receiver: Receiver, tmp_path: Path):
    go_on = threading.Event()

    def slowly(got):
        go_on.wait(0.3)
        return 200, {}, b""

    receiver.answer = slowly
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    tracker = make_tracker(company)
    for _ in range(40):
        make_call(company, tracker)
    with running_cluster(tmp_path / "cluster.log", **PATIENT) as cluster:
        receiver.wait_for(4)
        assert cluster.stop() == 0
    assert not Delivery.objects.filter(claim__isnull=False).exists()
    assert not Attempt.objects.exclude(outcome="delivered").exists()
    assert Delivery.objects.filter(state="delivered").count() == len(receiver.got)
    assert Delivery.objects.filter(state="pending", attempts=0).count() == 40 - len(receiver.got)
