"""A real Prometheus scrapes a real service, and each alert fires for what it is for; while all is well none does. And
Grafana's dashboard shows what happened."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from callhooks_site.intake.imports.models import ImportJob
from callhooks_site.privacy.models import FAILS_AT, Erasure
from forms_intake.models import FormSource
from subscriptions.counters import writing
from subscriptions.counters.known import DELETED, IMPORT_LINES, MAILS
from subscriptions.delivery.outbox.cursors import CLAIM_LOCK
from subscriptions.models import CountedValue, Delivery, DrainSlot, Event, MailRequest, RetentionPlace, ServiceOutage
from tests.chaos.parts import free_port
from tests.crash.cluster import ROOT, environment, running_cluster
from tests.support.drains import drain_until
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.prometheus import DASHBOARD, PROMETHEUS, RULES, Prometheus, running_prometheus
from tests.support.receiver import Receiver
from tests.support.waiting import PATIENCE, wait_until

TOKEN = "Zq9-test-token-of-the-metrics"
ALERTS = set(re.findall(r"alert: (\w+)", RULES.read_text()))
SWEEP = "subscriptions.worker.tasks.sweep"
NOT_THERE = pytest.mark.skipif(
    PROMETHEUS is None, reason="There is no Prometheus on this machine: apt install prometheus"
)


@contextmanager
def running_web(log: Path, **changes: str) -> Iterator[str]:
    """gunicorn as it is installed, with two workers; its address."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gunicorn", "callhooks_site.wsgi:application", "--config", "gunicorn.conf.py"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--bind", address, "--workers", "2"],
            cwd=ROOT, stdout=output, stderr=output,
            env=environment(
                METRICS_TOKEN=TOKEN, ALLOWED_HOSTS="127.0.0.1", FORMS_PER_MINUTE="0", DELIVERY_DRAINS="2", **changes
            ),
        )  # fmt: skip
    try:
        yield address
    finally:
        process.terminate()
        process.wait(120)


@contextmanager
def another_session() -> Iterator[psycopg.Connection[Any]]:
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(ours, None)
    with psycopg.connect(**parameters) as session:
        yield session


def test_the_rules_are_rules():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("There is no promtool on this machine: apt install prometheus")
    for command in ("check", "test"):
        file = RULES if command == "check" else RULES.with_name("alerts_test.yml")
        told = subprocess.run([promtool, command, "rules", file.name], cwd=RULES.parent, capture_output=True, text=True)
        assert told.returncode == 0, told.stdout + told.stderr
    checked = subprocess.run([promtool, "check", "config", "--syntax-only", "prometheus.yml"], cwd=RULES.parent)
    assert checked.returncode == 0


@pytest.mark.long(short="tests/crash/test_prometheus_alerts.py::test_the_rules_are_rules")
@NOT_THERE
@pytest.mark.cluster
@pytest.mark.django_db(transaction=True)
def test_each_alert_fires_for_what_it_is_for(tmp_path: Path, receiver: Receiver):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    with ExitStack() as running:
        # What is written now is a minute old when Prometheus first sees it, so that it sees it grow.
        address = running.enter_context(running_web(tmp_path / "web.log"))
        lost = running.enter_context(running_web(tmp_path / "lost.log", DATABASE_URL="postgres://x:x@127.0.0.1:1/x"))
        targets = {"good": address, "lost": lost, "dead": f"127.0.0.1:{free_port()}"}
        prometheus = running.enter_context(running_prometheus(tmp_path, targets, TOKEN))
        source = FormSource.objects.create(company=company, name="Site", active=False)
        with running_cluster(tmp_path / "cluster.log", DELIVERY_DRAINS="2", CLUSTER_WORKERS="3") as cluster:
            _see_it_well(prometheus, company, receiver)
            async_task("subscriptions.worker.tasks.no_such_task")
            _refuse_a_form(address, source)
            _fail_a_request(address, source)
            wait_until(lambda: _counted("callhooks_tasks_total", "failed"), every=0.2)
            wait_until(lambda: _counted("callhooks_http_requests_total", "500"), every=0.2)
            _show_what_is_new(prometheus, 'callhooks_http_requests_total{status="500"}')
            async_task("subscriptions.worker.tasks.no_such_task")
            wait_until(lambda: "CallhooksTasksFail" in prometheus.fired(), every=0.5)
            cluster.kill()
        DrainSlot.objects.filter(number=1).update(beat_at=timezone.now() + timedelta(minutes=10))  # works on
        DrainSlot.objects.filter(number=2).update(beat_at=timezone.now() - timedelta(minutes=1))
        _deliver_badly(receiver, prometheus)
        _leave_things_lying(company)
        for _ in range(110):
            _refuse_a_form(address, source)
        for _ in range(5):
            _fail_a_request(address, source)
        with another_session() as holder, another_session() as locker, waiting_for_the_claim_lock(holder):
            locker.execute("LOCK TABLE subscriptions_endpointissue IN ACCESS EXCLUSIVE MODE")
            wait_until(lambda: ALERTS - prometheus.fired() <= {"CallhooksNoDrain"}, every=0.5)
        DrainSlot.objects.update(beat_at=timezone.now() - timedelta(minutes=1))
        wait_until(lambda: "CallhooksNoDrain" in prometheus.firing(instance="good"), every=0.5)
        assert prometheus.fired() == ALERTS
        check_dashboard(prometheus)


def check_dashboard(prometheus: Prometheus) -> None:
    """Each query of each panel, as Grafana would ask it, finds something in all that happened here."""
    nothing = []
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            query = target["expr"].replace("$__rate_interval", "1m")
            if not prometheus.ask_over_time(query):
                nothing.append(f"{panel['title']}: {query}")
    assert nothing == []


@contextmanager
def waiting_for_the_claim_lock(holder: psycopg.Connection[Any]) -> Iterator[None]:
    """One session holds it and does nothing, another waits."""
    holder.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
    with another_session() as waiter:

        def wait() -> None:
            with suppress(psycopg.errors.QueryCanceled):
                waiter.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])

        thread = threading.Thread(target=wait)
        thread.start()
        try:
            yield
        finally:
            waiter.cancel_safe()
            thread.join()
            waiter.rollback()


def _see_it_well(prometheus: Prometheus, company: Any, receiver: Receiver) -> None:
    """Counts of web server and cluster arrive, and nothing fires."""
    make_call(company)
    wait_until(lambda: receiver.got)
    wait_until(lambda: _counted("callhooks_attempts_total", "delivered"), every=0.2)
    _show_what_is_new(prometheus, "callhooks_attempts_total")
    make_call(company)
    wait_until(
        lambda: prometheus.ask('increase(callhooks_attempts_total{outcome="delivered",cause="2xx"}[1m]) > 0'), every=0.5
    )
    wait_until(
        lambda: prometheus.ask('callhooks_http_requests_total{route="metrics",instance="good"} > 0'),
        every=0.5, meanwhile=_let_a_minute_pass,
    )  # fmt: skip
    # The scheduler's first sweep comes after half a minute, and the rules look back some seconds.
    wait_until(
        lambda: _sweep_is_seen(prometheus) and not prometheus.firing(instance="good"), every=1.0, meanwhile=_sweep
    )
    assert prometheus.firing() == {"CallhooksDown", "CallhooksDatabaseDown"}


def _sweep() -> None:
    async_task(SWEEP)
    _let_a_minute_pass()


def _let_a_minute_pass() -> None:
    """For what was counted for the first time."""
    CountedValue.objects.update(created_at=timezone.now() - timedelta(minutes=2))


def _sweep_is_seen(prometheus: Prometheus) -> bool:
    return bool(prometheus.ask('increase(callhooks_tasks_total{task="sweep",outcome="done"}[20s]) > 0'))


def _counted(name: str, label: str) -> bool:
    return CountedValue.objects.filter(name=name, labels__contains=[label]).exists()


def _show_what_is_new(prometheus: Prometheus, series: str) -> None:
    """Once Prometheus has seen the 0 of new series, let their first minute be over."""
    wait_until(lambda: prometheus.ask(f'{series}{{instance="good"}}' if "{" not in series else series), every=0.2)
    _let_a_minute_pass()


def _post_form(address: str, source: FormSource) -> int:
    return requests.post(f"http://{address}/f/{source.public_key}", data={"name": "Ann"}, timeout=PATIENCE).status_code


def _refuse_a_form(address: str, source: FormSource) -> None:
    """The source is not active."""
    assert 400 <= _post_form(address, source) < 500


def _fail_a_request(address: str, source: FormSource) -> None:
    """A migration is missing."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE forms_intake_formsource RENAME TO elsewhere")
    try:
        assert _post_form(address, source) == 500
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO forms_intake_formsource")


def _deliver_badly(receiver: Receiver, prometheus: Prometheus) -> None:
    """Many given up, some very late, one whose lease has gone to another; and housekeeping that fails."""
    late = make_company()
    make_subscription(late, url=receiver.url, events=["pre_call"])
    for _ in range(8):
        make_call(late)
    Event.objects.filter(company=late).update(created_at=timezone.now() - timedelta(minutes=5))
    stolen = make_company()
    make_subscription(stolen, url=f"{receiver.url}/stolen", events=["pre_call"])
    make_call(stolen)
    refusing = make_company()
    for number in range(40):
        make_subscription(
            refusing, name=f"S{number}", url=f"{receiver.url}/no", events=["pre_call"], retry_refusals=False
        )
    make_call(refusing)

    def answer(got: Any) -> tuple[int, dict[str, str], bytes]:
        return (400 if got.path.endswith("/no") else 200), {}, b""

    receiver.answer = answer
    rounds = 0

    def housekeeping() -> None:
        nonlocal rounds
        rounds += 1
        Delivery.objects.filter(company=stolen, claim__isnull=False).update(claim=uuid4())
        raise ValueError("broken")

    drain_until(
        lambda: rounds > 7 and not Delivery.objects.filter(company__in=[late, refusing], state="pending").exists(),
        housekeeping=housekeeping,
    )
    # What a mail server, a file and the hourly retention would count: the dashboard has panels of them, and a cluster
    # that is killed early has not come to its retention.
    DELETED.add("events", by=3)
    MAILS.add("reset", "done")
    IMPORT_LINES.add("calls", "new")
    writing.write()
    _show_what_is_new(prometheus, 'callhooks_attempts_total{outcome="given_up",instance="good"}')


def _leave_things_lying(company: Any) -> None:
    """What nobody has done for a while, since the cluster is gone."""
    now = timezone.now()
    async_task(SWEEP)
    OrmQ.objects.update(lock=now - timedelta(minutes=10))
    left = make_company()
    make_subscription(left, events=["pre_call"])
    make_call(left)
    Delivery.objects.filter(company=left).update(due_at=now - timedelta(minutes=10))
    MailRequest.objects.create(kind="reset", email="a@example.com", created_at=now - timedelta(hours=1))
    ImportJob.objects.create(company=company, kind="calls", created_at=now - timedelta(hours=1))
    RetentionPlace.objects.update_or_create(
        table="events", defaults={"reached": "0", "began_at": now - timedelta(days=3), "done": False}
    )
    Erasure.objects.create(company=company, phase="calls", tries=FAILS_AT, stepped_at=now + timedelta(hours=1))
    ServiceOutage.objects.create(ongoing=True, began_at=now, noticed_at=now, hosts=9, companies=4, errors="dns")
