"""listen.py brings each event to a local server, as its webhook, and goes on where it stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docs.verify.verify import verify
from subscriptions.feed import waiting
from subscriptions.lib.process_slots import ProcessSlots
from subscriptions.models import Event
from tests.support.factories import make_call, make_company, make_key, make_subscription
from tests.support.receiver import running_receiver
from tests.support.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "verify" / "listen.py"


@contextmanager
def listening(env: dict[str, str], *arguments: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, os.fspath(SCRIPT), *arguments], env=env, stdout=subprocess.PIPE)
    try:
        assert b"Bringing" in process.stdout.readline()
        yield
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_it_brings_each_event_and_goes_on_where_it_stopped(live_server, tmp_path, monkeypatch):
    slots = ProcessSlots(waiting.TOGETHER, waiting.TOGETHER)
    monkeypatch.setattr(waiting, "SLOTS", slots)
    company = make_company()
    subscription = make_subscription(company, events=["pre_call"])
    env = {**os.environ, "CALLHOOKS_API": f"{live_server.url}/api/v1", "CALLHOOKS_KEY": make_key(company, ["read"])}
    place = tmp_path / "place"
    with running_receiver() as receiver:
        asked = ["--forward", receiver.url, "--subscription", subscription.resource_id, "--place", os.fspath(place)]
        make_call(company)  # before it listens
        with listening(env, *asked):
            wait_until(place.exists)
            make_call(company)
            receiver.wait_for(1)
        make_call(company)  # while nobody listens
        first, *brought = [event.webhook_id for event in Event.objects.order_by("position")]
        with listening(env, *asked):
            wait_until(lambda: brought[-1] in {one.headers["webhook-id"] for one in receiver.got})
        got = list(receiver.got)
    make_call(company)  # ends the request that the listener left waiting: none may read the database after this test
    wait_until(lambda: slots.take(0, leave=waiting.TOGETHER - 1))
    # The one that was under way when it stopped may come twice.
    assert list(dict.fromkeys(one.headers["webhook-id"] for one in got)) == brought
    assert first not in brought
    for one in got:
        assert verify(one.body, one.headers, company.signing_key, subscription.secret)


def test_it_says_what_is_wrong(live_server):
    env = {**os.environ, "CALLHOOKS_API": f"{live_server.url}/api/v1", "CALLHOOKS_KEY": "chk_wrong"}
    command = [sys.executable, os.fspath(SCRIPT), "--forward", "http://127.0.0.1:9/"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, "401" in done.stderr) == (1, True), done.stderr
