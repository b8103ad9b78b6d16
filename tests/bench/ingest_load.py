"""A program that brings calls in, over kept-alive connections.

python -m tests.bench.ingest_load     (reads lines of JSON, answers each with one)
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any

from tests.bench.load import answer_lines, share_out

CUSTOMERS = 100  # who call again and again, as customers do
TIMEOUT_SECONDS = 60


class Connection:
    def __init__(self, asked: dict[str, Any], took: list[float]) -> None:
        self._asked, self._took = asked, took
        self._http = HTTPConnection("127.0.0.1", asked["port"], timeout=TIMEOUT_SECONDS)
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {asked['key']}"}

    def do(self, turn: int, due: float) -> None:
        self._http.request("POST", self._asked["path"], _body(self._asked, turn), self._headers)
        answer = self._http.getresponse()
        text = answer.read()
        refused = self._asked["items"] > 1 and b'"refused":0' not in text
        if answer.status not in (200, 201) or refused:
            raise RuntimeError(f"{answer.status} {text[:200]!r}")
        # From when it was due: one that waits for the one before it waits, too.
        self._took.append((time.monotonic() - due) * 1000)

    def close(self) -> None:
        self._http.close()


def drive(asked: dict[str, Any]) -> dict[str, Any]:
    """Send `requests` requests over `connections`, as fast as they are answered or at `rate` a second. Each has `items`
    calls (1: a call, no batch). Raises RuntimeError for an answer that is none of 200 and 201."""
    took: list[float] = []
    seconds = share_out(
        asked["requests"],
        lambda: Connection(asked, took),
        connections=asked["connections"],
        rate=asked.get("rate") or 0.0,
    )
    return {"seconds": seconds, "took_ms": took}


def _body(asked: dict[str, Any], turn: int) -> bytes:
    if asked["items"] == 1:
        return json.dumps(_call(asked, turn)).encode()
    first = turn * asked["items"]
    return json.dumps({"items": [_call(asked, first + number) for number in range(asked["items"])]}).encode()


def _call(asked: dict[str, Any], turn: int) -> dict[str, Any]:
    return {
        "direction": "inbound",
        "tracking_phone_number": asked["number"],
        "customer_phone_number": f"+1214555{turn % CUSTOMERS:04}",
        "customer_name": "Ann Example",
        "customer_city": "Dallas",
        "customer_state": "TX",
        "customer_country": "US",
        "start_time": datetime.now(UTC).isoformat(),
        "external_source": "bench",
        "external_id": f"{asked['run']}-{turn}",
        "medium": "cpc",
        "campaign": "Spring",
        "landing_page_url": "https://www.example.com/roofs",
        "utm_source": "google",
    }


if __name__ == "__main__":
    answer_lines(drive)
