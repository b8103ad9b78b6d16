"""A company whose media lie at a server that takes its time, and everybody who has its links: they hold few of the web
server's threads. Before, thirty requests for one picture kept the service from answering anybody."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http import HttpResponseBase
from django.test import Client

from messaging import media
from subscriptions.delivery import file_slots, remote_files
from subscriptions.lib.process_slots import ProcessSlots
from tests.support.factories import make_company, make_text
from tests.support.http_servers import FileServer

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
SIZE = 10_000


@pytest.fixture
def pictures(monkeypatch, settings) -> Iterator[FileServer]:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(remote_files, "PIECE", 1000)
    monkeypatch.setattr(remote_files, "SLOTS", ProcessSlots(file_slots.TOGETHER, file_slots.OF_ONE_COMPANY))
    server = FileServer(b"x" * SIZE, "image/png")
    with server.running():
        yield server


@pytest.fixture
def web() -> Client:
    """Django's; here, `client` is the one that sends webhooks."""
    return Client()


def link(pictures: FileServer, name: str) -> str:
    url = media.public_urls(make_text(make_company(name), media_urls=[f"{pictures.address}/picture.png"]))[0]
    return url[url.index("/texts/") :]


def break_off(answer: HttpResponseBase) -> None:
    """As a web server does when the client has gone: without a word of it read."""
    request_finished.disconnect(close_old_connections)  # the test's connection stays
    answer.close()
    request_finished.connect(close_old_connections)


def test_a_company_and_all_together_hold_few_threads(web, pictures):
    mine, other, third = (link(pictures, name) for name in ("Mine", "Other", "Third"))
    under_way = [web.get(mine) for _ in range(file_slots.OF_ONE_COMPANY)]
    refused = web.get(mine)
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    under_way.append(web.get(other))
    assert web.get(third).status_code == 503
    assert len(pictures.asked) == len(under_way) == file_slots.TOGETHER  # whoever was refused cost nothing
    assert len(b"".join(under_way[0].streaming_content)) == SIZE  # read to its end
    break_off(under_way[1])
    assert [web.get(link).status_code for link in (mine, third)] == [200, 200]


def test_half_of_the_threads_stay_free():
    assert runpy.run_path(str(ROOT / "gunicorn.conf.py"))["threads"] >= file_slots.TOGETHER * 2


def test_a_refusal_gives_its_place_back(web, pictures, settings):
    picture = link(pictures, "Mine")
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    assert {web.get(picture).status_code for _ in range(file_slots.TOGETHER + 1)} == {502}
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    assert web.get(picture).status_code == 200


def test_head_reads_one_piece_and_holds_nothing(web, pictures):
    picture = link(pictures, "Mine")
    for _ in range(file_slots.TOGETHER + 1):
        answer = web.head(picture)
        assert (answer.status_code, answer["Content-Length"]) == (200, str(SIZE))
    assert len(pictures.asked) == file_slots.TOGETHER + 1


@pytest.mark.parametrize("asked", ["bytes=20-10", "bytes=999999999999999-"])
def test_a_range_that_no_file_has_reaches_nobody(web, pictures, asked):
    assert web.get(link(pictures, "Mine"), headers={"Range": asked}).status_code == 416
    assert pictures.asked == []


def test_a_range_of_many_digits_is_none(web, pictures):
    assert web.get(link(pictures, "Mine"), headers={"Range": f"bytes={'9' * 5000}-"}).status_code == 200
