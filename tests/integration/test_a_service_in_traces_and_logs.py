"""A real web server and a real cluster, with traces and `LOG_FORMAT=json`: one trace from the request that saved a call
to the receivers' answers, and the same ids in the spans, in the lines of the log, in the header and in the admin."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from django_q.tasks import async_task

from subscriptions.models import Attempt, Delivery, Event
from tests.chaos.parts import free_port
from tests.crash.cluster import ROOT, environment, running_cluster
from tests.integration.test_security_gunicorn import answers
from tests.support.api import ringing
from tests.support.collector import Seen, running_collector
from tests.support.factories import make_company, make_key, make_subscription, make_tracker
from tests.support.receiver import Got, Receiver
from tests.support.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SERVER, CLIENT, PRODUCER = 2, 3, 4  # kinds of spans


@dataclass
class Ran:
    """What a service left: its first call is delivered at the second attempt and refused by another receiver; its
    last one is saved and delivered when the service is about to end."""

    company: Any = None
    key: str = ""
    log: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    spans: list[Seen] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)


@contextmanager
def running_web(log: Path, **changes: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "callhooks_site.wsgi:application", "--config", "gunicorn.conf.py"]
    with log.open("ab") as output:
        web = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", "--workers", "1", "--access-logfile", "-"], cwd=ROOT,
            stdout=output, stderr=output, env=environment(ALLOWED_HOSTS="127.0.0.1", **changes),
        )  # fmt: skip
        try:
            wait_until(lambda: answers(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            web.terminate()
            web.wait(120)


def run_service(log: Path, receiver: Receiver) -> Ran:
    ran = Ran(company=make_company())
    good = f"{receiver.url}/good"
    make_subscription(ran.company, url=good, events=["pre_call"], send_traceparent=True)
    make_subscription(ran.company, url=f"{receiver.url}/no", events=["pre_call"], retry_refusals=False)
    answers_of_good = iter([503])

    def answer(got: Got) -> tuple[int, dict[str, str], bytes]:
        return (400 if got.path.endswith("/no") else next(answers_of_good, 200)), {}, b""

    receiver.answer = answer
    ran.key = make_key(ran.company)
    tracker = make_tracker(ran.company)

    def save_call(web: str, name: str) -> None:
        answer = requests.post(
            f"{web}/api/v1/calls/", json=ringing(tracker.phone_number),
            headers={"Authorization": f"Bearer {ran.key}", "X-Request-Id": name}, timeout=PATIENCE,
        )  # fmt: skip
        assert answer.status_code == 201, answer.text

    def wait_for_ends(number: int) -> None:
        wait_until(lambda: Delivery.objects.filter(state__in=["delivered", "failed"]).count() == number)

    with running_collector() as collector:
        # No span leaves before a process ends: what comes was sent then.
        traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
        changes = {"LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG", **traces}
        with ExitStack() as running:
            web = running.enter_context(running_web(log, **changes))
            cluster = running.enter_context(running_cluster(log, DELIVERY_DRAINS="1", CLUSTER_WORKERS="2", **changes))
            save_call(web, "asked-for-this")
            requests.get(f"{web}/no/such%0Aplace/{ran.key}", timeout=PATIENCE)
            async_task("subscriptions.worker.tasks.no_such_task")
            wait_for_ends(2)
            wait_until(lambda: "no_such_task" in log.read_text() and '"outcome": "given_up"' in log.read_text())
            save_call(web, "the-last")
            wait_for_ends(4)
            assert cluster.stop() == 0
        ran.spans = list(collector.spans)
    ran.got, ran.log = list(receiver.got), log.read_text()
    ran.lines = [json.loads(line) for line in ran.log.splitlines()]
    return ran


@pytest.mark.long(short="tests/integration/test_traces.py::test_one_trace_from_the_request_to_the_answer")
def test_one_trace_and_the_same_ids_everywhere(tmp_path: Path, receiver: Receiver):
    ran = run_service(tmp_path / "all.log", receiver)
    check_lines(ran)
    first, last = Event.objects.order_by("id")
    check_trace(ran, first, {("/good", 1): "retried", ("/good", 2): "delivered", ("/no", 1): "given_up"})
    check_trace(ran, last, {("/good", 1): "delivered", ("/no", 1): "given_up"})
    assert len(ran.spans) == 5 + 4


def check_trace(ran: Ran, event: Event, outcomes: dict[tuple[str, int], str]) -> None:
    """One trace from the request to the answers. `outcomes`: by the end of the receiver's URL and the attempt."""
    spans = [span for span in ran.spans if span.trace == event.id.hex]
    (request,) = (span for span in spans if span.kind == SERVER)
    (publishing,) = (span for span in spans if span.kind == PRODUCER)
    attempts = [span for span in spans if span.kind == CLIENT]
    assert (request.name, request.parent, publishing.parent) == ("POST api-call-list", "", request.id)
    assert {span.parent for span in attempts} == {publishing.id}
    assert {span.attributes["callhooks.company_id"] for span in spans} == {ran.company.resource_id}

    stored = {
        (one.delivery_id, one.number): one
        for one in Attempt.objects.filter(delivery__event=event).select_related("delivery__subscription")
    }
    lines = {(one["delivery"], one["attempt"]): one for one in ran.lines if "outcome" in one and "attempt" in one}
    came = {}
    for span in attempts:
        about = (span.attributes["callhooks.delivery_id"], span.attributes["callhooks.attempt"])
        path = "/" + stored[about].delivery.subscription.url.rpartition("/")[2]
        came[path, about[1]] = span.attributes["callhooks.outcome"]
        line = lines[about]
        assert line["event"] == publishing.attributes["callhooks.event_id"] == f"evt_{span.trace}"
        assert (line["outcome"], line["company"]) == (came[path, about[1]], ran.company.resource_id)
        assert span.attributes["http.response.status_code"] == stored[about].status_code
    assert came == outcomes

    sent = [got.headers for got in ran.got if got.headers["webhook-id"] == f"evt_{event.id.hex}"]
    continued = {headers["traceparent"] for headers in sent if "traceparent" in headers}
    asking = {stored_one.delivery_id for stored_one in stored.values() if stored_one.delivery.state == "delivered"}
    assert continued == {
        f"00-{span.trace}-{span.id}-01" for span in attempts if span.attributes["callhooks.delivery_id"] in asking
    }
    assert len(sent) == len(attempts)


def check_lines(ran: Ran) -> None:
    """Nothing but JSON, of gunicorn and django-q2 too, with the ids of the admin."""
    assert {"time", "level", "logger", "message", "process"} <= set.intersection(*(set(one) for one in ran.lines))
    assert {"gunicorn.error", "gunicorn.access", "django-q", "callhooks.requests"} <= {
        one["logger"] for one in ran.lines
    }
    (asked,) = [
        one for one in ran.lines if one.get("request") == "asked-for-this" and one["logger"] == "callhooks.requests"
    ]
    given_up, good = Delivery.objects.order_by("event_id", "-state")[:2]
    assert (given_up.state, good.state) == ("failed", "delivered")
    event = f"evt_{given_up.event_id.hex}"
    assert (asked["company"], asked["events"], asked["status"]) == (ran.company.resource_id, [event], 201)
    about = {one["delivery"]: one for one in ran.lines if one.get("outcome")}
    for delivery, outcome, cause in ((given_up, "given_up", "4xx"), (good, "delivered", "2xx")):
        told = about[delivery.pk]
        assert (told["event"], told["company"], told["outcome"]) == (event, ran.company.resource_id, outcome)
        assert told["cause"] == cause
    assert ran.key not in ran.log
