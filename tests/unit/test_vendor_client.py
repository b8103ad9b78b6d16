"""The import's client waits as the vendor asks, and before it has to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from callhooks_site.intake.vendor_import.client import Answer, NoAnswer, Refused, VendorClient


def client(*answers):
    """It gets these answers, one after the other; and the waits and words."""
    left, waits, words, asked = list(answers), [], [], []

    def get(url, headers):
        asked.append((url, dict(headers)))
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    made = VendorClient("https://example.com/v3/", "KEY", get=get, sleep=waits.append, tell=words.append)
    return made, waits, asked


def good(body=None, **headers):
    return Answer(
        200, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body or {}).encode()
    )


def test_a_request():
    vendor, waits, asked = client(good({"a": 1}))
    assert vendor.fetch("a.json", page=2, since="") == {"a": 1}
    assert asked == [("https://example.com/v3/a.json?page=2",
                      {"Authorization": 'Token token="KEY"', "Accept": "application/json"})]  # fmt: skip
    assert waits == []


WAITS = [("7", 7, 7), ("", 60, 60), ("DATE", 25, 31), ("99999", 3600, 3600)]


@pytest.mark.parametrize(("header", "least", "most"), WAITS)
def test_it_waits_as_long_as_a_429_says(header, least, most):
    said = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True) if header == "DATE" else header
    vendor, waits, _ = client(Answer(429, {"retry-after": said}, b"{}"), good())
    vendor.fetch("a.json")
    assert len(waits) == 1
    assert least <= waits[0] <= most


def test_it_leaves_room_for_others():
    vendor, waits, _ = client(
        good(x_rate_limit_hourly_allowed="1000", x_rate_limit_hourly_used="949"),
        good(x_rate_limit_hourly_allowed="1000", x_rate_limit_hourly_used="950"),
        good(x_rate_limit_daily_allowed="10000", x_rate_limit_daily_used="9999"),
    )
    vendor.fetch("a.json")
    assert waits == []
    vendor.fetch("a.json")
    assert 1 <= waits[0] <= 3600
    vendor.fetch("a.json")
    assert len(waits) == 2


def test_faults_are_tried_again_ever_later():
    vendor, waits, _ = client(Answer(503, {}, b""), NoAnswer("broken"), good({"a": 1}))
    assert vendor.fetch("a.json") == {"a": 1}
    assert 1.5 < waits[0] < 2.5 < waits[1] < 5


def test_it_gives_up():
    vendor, waits, _ = client(*[Answer(500, {}, b"")] * 8)
    with pytest.raises(NoAnswer, match="8 attempts"):
        vendor.fetch("a.json")
    assert len(waits) == 7


def test_a_no_is_told():
    vendor, _, _ = client(Answer(403, {}, b'{"error": "No."}'))
    with pytest.raises(Refused, match="No") as refused:
        vendor.fetch("a.json")
    assert refused.value.status == 403


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_what_is_no_api(body):
    vendor, _, _ = client(Answer(200, {}, body))
    with pytest.raises(NoAnswer, match="API v3"):
        vendor.fetch("a.json")


def test_pages():
    def page(n):
        return good({"page": n, "total_pages": 3, "total_records": 5, "tags": [{"id": n}]})

    vendor, _, asked = client(page(2), page(3))
    assert [each.rows[0]["id"] for each in vendor.pages("tags.json", "tags", first=2)] == [2, 3]
    assert [url.rpartition("=")[2] for url, _ in asked] == ["2", "3"]
