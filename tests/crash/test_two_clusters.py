"""Two clusters share the work: nothing is sent twice while leases last, even when both clocks are wrong by a minute,
one ahead and one behind."""

import os
import re
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from subscriptions.models import Attempt, Delivery, DrainSlot
from tests.crash.cluster import Cluster, running_cluster
from tests.support.clocks import shifted_clock
from tests.support.drains import nothing_pending
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Got, Receiver
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]

# A cluster has two workers, so that four drains need both clusters.
SHARED = {"DELIVERY_DRAINS": "4", "CLUSTER_WORKERS": "2"}
# The receiver of the tests is a slow one: not a failure shall be its fault.
PATIENT = {"WEBHOOK_CONNECT_TIMEOUT": "8", "WEBHOOK_TOTAL_TIMEOUT": "8", "DELIVERY_LEASE_SECONDS": "20"}


@pytest.fixture
def shifted(tmp_path: Path):
    """The environment of processes whose clock is wrong by so many seconds."""
    return lambda seconds: shifted_clock(tmp_path, seconds)


def slots_of(cluster: Cluster) -> set[int]:
    """The slots that drains of this cluster hold; a cluster is a process group."""
    mine = set()
    for number, pid in DrainSlot.objects.exclude(pid=None).values_list("number", "pid"):
        try:
            if os.getpgid(pid) == cluster.pid:
                mine.add(number)
        except ProcessLookupError:
            continue
    return mine


def clock_of(log: Path) -> datetime:
    """The time that a cluster gave its first line."""
    return datetime.fromisoformat(re.search(r"^(\S+ \S+),\d+ INFO", log.read_text(), re.M)[1])


@pytest.mark.long(
    short="tests/crash/test_two_clusters.py::test_what_a_killed_cluster_held_waits_for_its_lease_in_the_other_ones_eyes_too"
)
def test_two_clusters_with_wrong_clocks_share_the_work_and_send_nothing_twice(
    receiver: Receiver, tmp_path: Path, shifted
):
    def slowly(got: Got):
        time.sleep(0.02)  # so that the work is not done before the second has a share in it
        return 200, {}, b""

    receiver.answer = slowly
    company = make_company()
    for _ in range(4):
        make_subscription(company, url=receiver.url, events=["pre_call"])
    tracker = make_tracker(company)
    with (
        running_cluster(tmp_path / "ahead.log", **SHARED, **PATIENT, **shifted(60)) as ahead,
        running_cluster(tmp_path / "behind.log", **SHARED, **PATIENT, **shifted(-60)) as behind,
    ):
        wait_until(lambda: bool(slots_of(ahead)) and bool(slots_of(behind)))
        for _ in range(150):
            make_call(company, tracker)
        wait_until(nothing_pending)
    assert clock_of(tmp_path / "ahead.log") - clock_of(tmp_path / "behind.log") > timedelta(seconds=100)
    times = Counter(got.headers["webhook-id"] for got in receiver.got)
    assert len(times) == 150
    assert set(times.values()) == {4}
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    assert list(Attempt.objects.exclude(outcome="delivered").values_list("outcome", "error", "message")) == []
    # What receivers and the log are told is the database's time, whichever cluster it was.
    now = time.time()
    assert all(abs(now - int(got.headers["webhook-timestamp"])) < 45 for got in receiver.got)
    assert all(abs(now - at.timestamp()) < 45 for at in Attempt.objects.values_list("started_at", flat=True))


def test_what_a_killed_cluster_held_waits_for_its_lease_in_the_other_ones_eyes_too(
    receiver: Receiver, tmp_path: Path, shifted
):
    """A clock that is a minute ahead must not see a lease end early."""
    killed = threading.Event()

    def never(got: Got):
        killed.wait(120)
        return 200, {}, b""

    receiver.answer = never
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    with running_cluster(tmp_path / "one.log", **SHARED) as one:
        wait_until(lambda: bool(slots_of(one)))
        make_call(company)
        receiver.wait_for(1)
        one.kill()
        killed.set()
        receiver.answer = lambda got: (200, {}, b"")
        with running_cluster(tmp_path / "two.log", **SHARED, **shifted(60)):
            receiver.wait_for(2)
            wait_until(nothing_pending)
    assert [got.headers["Callhooks-Attempt"] for got in receiver.got] == ["1", "2"]
    lost, second = Attempt.objects.order_by("number")
    assert (lost.outcome, second.outcome) == ("lost", "delivered")
    # Of a lost attempt the log says when its lease began; all by the database's clock.
    assert second.started_at - lost.started_at > timedelta(seconds=6.9)
