"""`manage.py check_url`: a line for each URL, as saving would say it, and what the socket says on request."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from django.core.management import call_command

from tests.hostile.receivers import OK, Receiver, answering


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.WEBHOOK_REQUIRE_HTTPS = False
    settings.WEBHOOK_CONNECT_TIMEOUT = 0.5
    settings.WEBHOOK_TOTAL_TIMEOUT = 0.5
    settings.PUBLIC_URL = "http://127.0.0.1:8000"


def _run(*arguments: str) -> list[str]:
    out = io.StringIO()
    call_command("check_url", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_it_says_for_each_url_what_saving_would_say() -> None:
    lines = _run("https://example.com/", "http://10.0.0.1/", "http://127.0.0.1:8000/", "http://127.0.0.1:8001/")
    assert lines[0] == "ok"
    assert lines[1].startswith("refused: The address belongs to a private network")
    assert lines[2].startswith("refused: This is the address of this service itself")
    assert lines[3] == "ok"


def test_it_asks_for_https_where_the_setting_does(settings: Any) -> None:
    settings.WEBHOOK_REQUIRE_HTTPS = True
    assert _run("http://example.com/")[0].startswith("refused: Plain http is not accepted")


def test_it_reads_lines_of_standard_input_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    given = b"https://example.com/\n\nhttp://exa\rmple.com/\nhttps://example.com/\r\nhttp://\xff/\nhttps://example.com/"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    lines = _run("-")
    assert [line[:3] for line in lines] == ["ok", "ref", "ref", "ref", "ref", "ok"]


def test_dial_says_what_the_socket_says() -> None:
    with Receiver(answering(OK)) as receiver:
        lines = _run("--dial", receiver.url, receiver.url.replace("http:", "https:"), "http://10.0.0.1/")
        assert receiver.requests == []
    assert lines[0] == "ok; dial ok"
    assert lines[1].startswith("ok; dial failed: ")
    assert lines[2].startswith("refused: ")
    assert "; dial refused: " in lines[2]
