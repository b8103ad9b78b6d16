"""A cluster that runs and does nothing is noticed by its heartbeat and restarted; so is one without its sentinel."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection

from subscriptions.models import DrainSlot
from tests.crash.supervised import Supervised, supervised
from tests.support.drains import nothing_pending
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until

# Seconds. Shorter than in operation, and longer than a cluster takes to start on a busy machine.
SILENT = 20

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.cluster]


@pytest.fixture
def company(receiver: Receiver):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    return company


def deliver_one(company, receiver: Receiver) -> None:
    before = len(receiver.got)
    make_call(company, make_tracker(company))
    receiver.wait_for(before + 1)


def drains_are_gone() -> bool:
    with connection.cursor() as cursor:
        # pg_locks has those of other databases, too: other tests run beside this one.
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return cursor.fetchone()[0] == 0


def restarted(cluster: Supervised, old_main: int) -> None:
    wait_until(lambda: cluster.cluster().main != old_main)


@pytest.mark.long(short="tests/crash/test_wedged_cluster.py::test_a_cluster_without_its_sentinel_is_restarted")
def test_a_cluster_whose_queue_lock_died_with_a_worker_is_restarted(company, receiver: Receiver, tmp_path: Path):
    with supervised(tmp_path / "log", silent=SILENT, grace=2) as running:
        deliver_one(company, receiver)
        old = running.cluster()
        os.kill(running.queue_holder(), signal.SIGKILL)
        # What still works are the drains; without them the cluster is seen to be dead.
        # (A slot whose task is only queued has no process yet.)
        for pid in DrainSlot.objects.exclude(pid=None).values_list("pid", flat=True):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(drains_are_gone)
        make_call(company, make_tracker(company))
        restarted(running, old.main)
        wait_until(nothing_pending)
        deliver_one(company, receiver)
        assert "runs but does no work; restarting it. (no worker takes a task)" in running.said


@pytest.mark.long(short="tests/crash/test_wedged_cluster.py::test_a_cluster_without_its_sentinel_is_restarted")
def test_a_cluster_whose_results_nobody_takes_is_restarted(company, receiver: Receiver, tmp_path: Path):
    with supervised(tmp_path / "log", silent=SILENT, grace=2) as running:
        deliver_one(company, receiver)
        old = running.cluster()
        assert old.monitor is not None
        os.kill(old.monitor, signal.SIGKILL)
        restarted(running, old.main)
        assert "(nobody takes the results)" in running.said
        deliver_one(company, receiver)


def test_a_cluster_without_its_sentinel_is_restarted(company, receiver: Receiver, tmp_path: Path):
    with supervised(tmp_path / "log") as running:
        deliver_one(company, receiver)
        old = running.cluster()
        assert old.sentinel is not None
        os.kill(old.sentinel, signal.SIGKILL)
        restarted(running, old.main)
        for pid in [*old.workers, old.monitor]:
            assert not Path(f"/proc/{pid}").exists(), "a process of the old cluster works on beside the new one"
        deliver_one(company, receiver)


@pytest.mark.long(short="tests/crash/test_wedged_cluster.py::test_a_cluster_without_its_sentinel_is_restarted")
def test_a_healthy_cluster_is_left_alone_and_stops_in_order(company, receiver: Receiver, tmp_path: Path):
    with supervised(tmp_path / "log", silent=SILENT, grace=100) as running:  # a busy machine stops slowly
        began = running.cluster().main
        enough = time.monotonic() + SILENT + 4  # longer than what would be a silence
        while time.monotonic() < enough:
            deliver_one(company, receiver)
        assert running.cluster().main == began
        running.process.terminate()
        assert running.process.wait(120) == 0
        assert "has stopped." in running.said
        assert "was killed" not in running.said
        assert not Path(f"/proc/{began}").exists()
