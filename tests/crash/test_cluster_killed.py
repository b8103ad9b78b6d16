"""`kill -9` of a whole cluster in the middle of its work: nothing is lost, and what repeats bears the same id."""

import threading
from collections import Counter
from pathlib import Path

import pytest

from subscriptions.models import Attempt, Delivery, Event
from tests.crash.cluster import running_cluster
from tests.support.drains import nothing_pending
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Got, Receiver
from tests.support.waiting import wait_until

ANSWERED = 20  # requests of a round; the others are under way or wait when the cluster is killed


class Gate:
    """Answers some requests and holds the others, so that a quick cluster is not done before it is killed."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self._came = 0
        self._lock = threading.Lock()

    def __call__(self, _: Got) -> tuple[int, dict[str, str], bytes]:
        with self._lock:
            self._came += 1
            held = self._came > ANSWERED
        if held:
            self.open.wait(120)
        return 200, {}, b"ok"


pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


def test_every_event_arrives_although_the_cluster_is_killed_twice(receiver: Receiver, tmp_path: Path):
    company = make_company()
    tracker = make_tracker(company)
    for _ in range(3):
        make_subscription(company, url=receiver.url, events=["pre_call"])
    with running_cluster(tmp_path / "cluster.log") as cluster:
        for round_number in range(2):
            before = len(receiver.got)
            receiver.answer = gate = Gate()
            for _ in range(60):
                make_call(company, tracker)
            receiver.wait_for(before + ANSWERED + 1)
            cluster.kill()
            assert Delivery.objects.filter(state="pending").exists(), f"round {round_number} was killed too late"
            gate.open.set()
            cluster.start()
        wait_until(nothing_pending)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    arrived = Counter((got.headers["webhook-id"], got.body) for got in receiver.got)
    sent = {(event.webhook_id, bytes(event.body)) for event in Event.objects.all()}
    assert set(arrived) == sent
    assert min(arrived.values()) >= 3
    # Whatever arrived is an attempt in the log, the ones of the killed drains included. (One that is recorded after its
    # lease had ended, on a busy machine, takes the place of its "lost": so it is all attempts that are counted.)
    assert sum(arrived.values()) <= Attempt.objects.count()
