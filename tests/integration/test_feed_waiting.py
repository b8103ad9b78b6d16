"""Who waits for the next event gets it as soon as it is there, and holds few of the web server's threads."""

from __future__ import annotations

import runpy
import socket
import threading
from pathlib import Path

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections

from subscriptions.feed import waiting
from subscriptions.lib.process_slots import ProcessSlots
from tests.support.api import PROBLEM, program
from tests.support.factories import make_call, make_company, make_tracker
from tests.support.feed import FEED, read, told
from tests.support.threads import with_own_connection

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def slots(monkeypatch) -> ProcessSlots:
    fresh = ProcessSlots(waiting.TOGETHER, waiting.OF_ONE_COMPANY)
    monkeypatch.setattr(waiting, "SLOTS", fresh)
    return fresh


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def api(company):
    return program(company, ["read"])


def after_the_first_look(monkeypatch, work) -> threading.Thread:
    """Do it once somebody has looked and waits."""
    looked = threading.Event()
    monkeypatch.setattr("subscriptions.feed.waiting.time.sleep", lambda _: looked.set())
    thread = threading.Thread(target=lambda: looked.wait(120) and with_own_connection(work), daemon=True)
    thread.start()
    return thread


def test_an_event_ends_the_wait(company, api, monkeypatch):
    tracker, calls = make_tracker(company), []
    thread = after_the_first_look(monkeypatch, lambda: calls.append(make_call(company, tracker).resource_id))
    page = read(api, after="latest", wait=25)
    thread.join(120)
    assert told(page) == [(calls[0], "pre_call")]


def test_the_wait_ends_without_an_event(api):
    first = read(api, after="latest", wait=1)
    assert (first["results"], first["more"]) == ([], False)


def test_a_stream_begins_after_the_last_event_that_was_seen(company, api, monkeypatch):
    seen, missed = make_call(company), make_call(company)
    first = read(api, page_size=1)
    tracker, calls = make_tracker(company), []
    thread = after_the_first_look(monkeypatch, lambda: calls.append(make_call(company, tracker).resource_id))
    headers = {"Accept": "text/event-stream", "Last-Event-ID": first["cursor"]}
    answer = api.get(FEED, headers=headers)
    assert answer["Content-Type"] == "text/event-stream"
    text, found = "", []
    for piece in answer.streaming_content:
        text += piece.decode()
        found = [line for line in text.splitlines() if line.startswith("data: ")]
        if len(found) == 2:
            break
    break_off(answer)  # or its place is given back in a later test, whenever the garbage is collected
    thread.join(120)
    assert seen.resource_id not in text
    assert [missed.resource_id in found[0], calls[0] in found[1]] == [True, True]
    assert f"event: pre_call\ndata: {found[1][6:]}" in text
    last = [line[4:] for line in text.splitlines() if line.startswith("id: ")][-1]
    assert read(api, after=last)["results"] == []


def test_a_company_and_all_together_hold_few_threads(company, api, slots):
    other, third = (program(make_company(name), ["read"]) for name in ("Other", "Third"))
    stream = {"Accept": "text/event-stream"}
    streams = [api.get(FEED, headers=stream) for _ in range(waiting.OF_ONE_COMPANY)]
    refused = api.get(FEED, {"after": "latest", "wait": "25"})
    assert (refused.status_code, refused["Retry-After"], refused["Content-Type"]) == (429, "5", PROBLEM)
    assert api.get(FEED).status_code == 200  # without waiting
    streams += [other.get(FEED, headers=stream) for _ in range(waiting.OF_ONE_COMPANY)]
    assert third.get(FEED, headers=stream).status_code == 429
    break_off(streams[0])
    break_off(streams[0])
    streams.append(third.get(FEED, headers=stream))
    assert streams[-1].status_code == 200
    assert not slots.take(99)
    for answer in streams:
        break_off(answer)


def break_off(answer) -> None:
    """As a web server does when the client has gone: without a word of it read."""
    request_finished.disconnect(close_old_connections)  # the test's connection stays
    answer.close()
    request_finished.connect(close_old_connections)


def test_threads_stay_free_of_files_and_waiting():
    from subscriptions.delivery import file_slots

    threads = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["threads"]
    assert threads - file_slots.TOGETHER - waiting.TOGETHER >= 4


def test_a_client_that_does_not_read_its_stream_is_cut_off(api):
    """gunicorn would wait for it for ever, and its place with it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        answer = api.get(FEED, headers={"Accept": "text/event-stream"}, **{"gunicorn.socket": ours})
        assert ours.gettimeout() == waiting.LONGEST_WRITE
        break_off(answer)
