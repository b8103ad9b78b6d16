"""`kill -9` of a whole cluster in the middle of its work: nothing is lost, and what repeats bears the same id."""

from collections import Counter
from pathlib import Path

import pytest

from subscriptions.models import Attempt, Delivery, Event
from tests.crash.cluster import running_cluster
from tests.draining import nothing_pending
from tests.factories import make_call, make_company, make_subscription, make_tracker
from tests.receiver import Receiver
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


def test_every_event_arrives_although_the_cluster_is_killed_twice(receiver: Receiver, tmp_path: Path):
    company = make_company()
    tracker = make_tracker(company)
    for _ in range(3):
        make_subscription(company, url=receiver.url, events=["pre_call"])
    with running_cluster(tmp_path / "cluster.log") as cluster:
        for round_number in range(2):
            for _ in range(60):
                make_call(company, tracker)
            receiver.wait_for(len(receiver.got) + 20)
            cluster.kill()
            cluster.start()
            assert Delivery.objects.filter(state="pending").exists(), f"round {round_number} was killed too late"
        wait_until(nothing_pending, seconds=40)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    arrived = Counter((got.headers["webhook-id"], got.body) for got in receiver.got)
    sent = {(event.webhook_id, bytes(event.body)) for event in Event.objects.all()}
    assert set(arrived) == sent
    assert min(arrived.values()) >= 3
    # What the killed drains had begun is in the log as such, and only that was sent twice.
    surplus = sum(arrived.values()) - 3 * len(sent)
    assert surplus <= Attempt.objects.filter(outcome="lost").count()
