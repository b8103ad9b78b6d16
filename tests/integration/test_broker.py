"""The queue's pusher makes sure that drains run, sends the heartbeat, and survives the loss of the database."""

import pytest
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from subscriptions.worker import broker, heartbeat
from subscriptions.worker.broker import HEARTBEAT_TASK, HeartbeatBroker
from subscriptions.worker.heartbeat import Heartbeat
from tests.support.connections import cut_our_connection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pusher():
    return HeartbeatBroker(list_key="callhooks")


def test_drains_that_are_missing_are_queued_without_anybodys_commit(pusher, settings):
    settings.DELIVERY_DRAINS = 2
    tasks = pusher.dequeue()
    names = [SignedPackage.loads(payload)["func"] for _, payload in tasks]
    names += [SignedPackage.loads(row.payload)["func"] for row in OrmQ.objects.exclude(pk__in=[pk for pk, _ in tasks])]
    assert names == ["subscriptions.worker.tasks.drain"] * 2


def test_a_connection_that_was_cut_is_replaced(pusher, monkeypatch):
    monkeypatch.setattr(broker, "RETRY_SECONDS", 0.0)
    pusher.dequeue()
    cut_our_connection()
    pusher._next_check = 0.0
    assert pusher.dequeue() == []
    OrmQ.objects.all().delete()
    OrmQ.objects.create(key="callhooks", payload=SignedPackage.dumps({"func": "x"}), lock="2026-01-01T00:00Z")
    assert len(pusher.dequeue()) == 1


def test_a_heartbeat_goes_with_the_tasks_when_a_supervisor_reads_it(pusher, tmp_path, monkeypatch):
    def heartbeats() -> int:
        return sum(SignedPackage.loads(payload).get("name") == HEARTBEAT_TASK for _, payload in pusher.dequeue())

    assert heartbeats() == 0
    monkeypatch.setattr(heartbeat, "enabled", True)
    assert [heartbeats(), heartbeats()] == [1, 0]
    pusher._next_heartbeat = 0.0
    assert heartbeats() == 1
    monkeypatch.setattr(heartbeat, "_heartbeat", Heartbeat.create(tmp_path / "heartbeat"))
    pusher.set_stat("key", "value", 3)
    assert heartbeat._heartbeat.times().guard > 0
