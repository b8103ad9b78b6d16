"""`LOG_FORMAT=json`: every line of a real web server and a real drain is one JSON object, with the ids of the admin."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from django_q.tasks import async_task

from callhooks_site.json_logs import LONGEST_MESSAGE, LONGEST_TRACEBACK, JsonLine
from callhooks_site.request_ids import OneLine
from subscriptions.lib import log_context
from subscriptions.models import Delivery
from tests.chaos.parts import free_port
from tests.crash.cluster import ROOT, environment, running_cluster
from tests.integration.test_security_gunicorn import answers
from tests.support.api import ringing
from tests.support.factories import make_company, make_key, make_subscription, make_tracker
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until


def line(message: str, *arguments: object, error: BaseException | None = None, **extra: object) -> dict[str, Any]:
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("callhooks", logging.INFO, __file__, 1, message, arguments, exc_info)
    record.request_id = "-"
    record.__dict__.update(extra)
    written = JsonLine().format(record)
    assert written.isascii()
    assert len(written.splitlines()) == 1
    return json.loads(written)


@pytest.mark.parametrize(
    "given",
    ['\n{"level": "CRITICAL"}', "\r\x1b[31m\u2028\x85", '", "level": "x', "Größe 日本", "a\x00b"],
    ids=["line", "controls", "quote", "letters", "NUL"],
)
def test_what_others_say_stays_in_the_message(given):
    written = line("Not found: %s", given)
    assert written["message"] == f"Not found: {given}"
    assert written["level"] == "INFO"


def test_half_a_character_is_written_out():
    assert line("Not found: %s", "\udcff")["message"] == r"Not found: \udcff"


def test_huge_values_are_cut():
    written = line("x" * 1_000_000, company="c" * 10_000, events=["evt_1"] * 1_000)
    assert len(written["message"]) < LONGEST_MESSAGE + 60
    assert len(written["company"]) < 400
    assert len(written["events"]) == log_context.MOST_EVENTS


def test_an_exception_is_in_its_line_and_keeps_its_end():
    try:
        raise ValueError("x\n" * 50_000 + "the end")
    except ValueError as error:
        written = line("Failed", error=error)
    assert written["exception"].endswith("the end")
    assert len(written["exception"]) < LONGEST_TRACEBACK + 60


def test_arguments_that_do_not_fit_lose_no_line():
    assert line("%d of %d", "a")["message"].startswith("%d of %d ('a',")


def test_fields_that_nobody_knows_are_left_out():
    assert "request_body" not in line("x", request_body={"password": "p"})


SECRETS = {
    "whsec_MDEyMzQ1Njc4OTAx": "secret whsec_MDEyMzQ1Njc4OTAx of it",
    "chk_abcdefgh12345": "key chk_abcdefgh12345",
    "eyJhbGciOi.x-y_z": "Authorization: Bearer eyJhbGciOi.x-y_z",
    "chk-of-the-vendors-api": 'Authorization: Token token="chk-of-the-vendors-api"',
    "Zm9vYmFyYmF6cXV4": "Not Found: /admin/invitation/Zm9vYmFyYmF6cXV4/",
    "c4abcd-0123456789": "Gone: /admin/reset/MQ/c4abcd-0123456789/",
    "pass%40word": "postgres://callhooks:pass%40word@db.example.com/x",
}


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_that_gets_into_a_message_is_not_written(secret):
    assert secret not in json.dumps(line(SECRETS[secret], error=ValueError(SECRETS[secret])))
    record = logging.LogRecord("callhooks", logging.INFO, __file__, 1, SECRETS[secret], None, None)
    record.request_id = "-"
    assert secret not in OneLine().format(record)


@pytest.mark.long(short="tests/integration/test_json_logs.py::test_a_secret_that_gets_into_a_message_is_not_written")
@pytest.mark.django_db(transaction=True)
def test_web_server_and_drain_write_nothing_else(tmp_path: Path, receiver: Receiver):
    company = make_company()
    make_subscription(company, url=f"{receiver.url}/good", events=["pre_call"])
    make_subscription(company, url=f"{receiver.url}/no", events=["pre_call"], retry_refusals=False)
    receiver.answer = lambda got: (400 if got.path.endswith("/no") else 200, {}, b"")
    key = make_key(company)
    log = tmp_path / "all.log"
    port, json_env = free_port(), {"LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG"}
    command = [sys.executable, "-m", "gunicorn", "callhooks_site.wsgi:application", "--config", "gunicorn.conf.py"]
    with log.open("ab") as output:
        web = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", "--workers", "1", "--access-logfile", "-"], cwd=ROOT,
            stdout=output, stderr=output, env=environment(ALLOWED_HOSTS="127.0.0.1", **json_env),
        )  # fmt: skip
        try:
            wait_until(lambda: answers(port))
            with running_cluster(log, DELIVERY_DRAINS="1", CLUSTER_WORKERS="2", **json_env) as cluster:
                answer = requests.post(
                    f"http://127.0.0.1:{port}/api/v1/calls/",
                    json=ringing(make_tracker(company).phone_number),
                    headers={"Authorization": f"Bearer {key}", "X-Request-Id": "asked-for-this"}, timeout=60,
                )  # fmt: skip
                assert answer.status_code == 201, answer.text
                requests.get(f"http://127.0.0.1:{port}/no/such%0Aplace/{key}", timeout=60)
                async_task("subscriptions.worker.tasks.no_such_task")
                wait_until(lambda: Delivery.objects.filter(state__in=["delivered", "failed"]).count() == 2)
                wait_until(lambda: "no_such_task" in log.read_text() and '"outcome": "given_up"' in log.read_text())
                cluster.stop()
        finally:
            web.terminate()
            web.wait(120)
    lines = [json.loads(one) for one in log.read_text().splitlines()]
    assert {"time", "level", "logger", "message", "process"} <= set.intersection(*(set(one) for one in lines))
    by_logger = {one["logger"]: one for one in lines}
    assert {"gunicorn.error", "gunicorn.access", "django-q", "callhooks.requests"} <= set(by_logger)
    (asked,) = [
        one for one in lines if one.get("request") == "asked-for-this" and one["logger"] == "callhooks.requests"
    ]
    given_up, good = Delivery.objects.get(state="failed"), Delivery.objects.get(state="delivered")
    event = f"evt_{given_up.event_id.hex}"
    assert (asked["company"], asked["events"], asked["status"]) == (company.resource_id, [event], 201)
    about = {one["delivery"]: one for one in lines if one.get("outcome")}
    for delivery, outcome, cause in ((given_up, "given_up", "4xx"), (good, "delivered", "2xx")):
        told = about[delivery.pk]
        assert (told["event"], told["company"], told["outcome"]) == (event, company.resource_id, outcome)
        assert told["cause"] == cause
    assert key not in log.read_text()
