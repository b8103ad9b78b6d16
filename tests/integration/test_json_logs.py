"""`LOG_FORMAT=json`: every line of a real web server and a real drain is one JSON object, with the ids of the admin."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from callhooks_site.json_logs import LONGEST_MESSAGE, LONGEST_TRACEBACK, JsonLine
from callhooks_site.request_ids import OneLine
from subscriptions.lib import log_context


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
