"""A program that brings calls in, over kept-alive connections.

python -m tests.bench.ingest_load     (reads lines of JSON, answers each with one)
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any

CUSTOMERS = 100  # who call again and again, as customers do


def drive(asked: dict[str, Any]) -> dict[str, Any]:
    """Send `requests` requests over `connections`, as fast as they are answered or at `rate` a second. Each has `items`
    calls (1: a call, no batch). Raises RuntimeError for an answer that is none of 200 and 201."""
    took: list[float] = []
    wrong: list[str] = []
    lock = threading.Lock()
    turns = iter(range(asked["requests"]))
    started = time.monotonic()

    def work() -> None:
        connection = HTTPConnection("127.0.0.1", asked["port"], timeout=60)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {asked['key']}"}
        while True:
            with lock:
                turn = next(turns, None)
            if turn is None or wrong:
                break
            due = started + turn / asked["rate"] if asked.get("rate") else time.monotonic()
            time.sleep(max(0.0, due - time.monotonic()))
            connection.request("POST", asked["path"], _body(asked, turn), headers)
            answer = connection.getresponse()
            text = answer.read()
            refused = asked["items"] > 1 and b'"refused":0' not in text
            if answer.status not in (200, 201) or refused:
                wrong.append(f"{answer.status} {text[:200]!r}")
            # From when it was due: one that waits for the one before it waits, too.
            took.append((time.monotonic() - due) * 1000)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(asked["connections"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(f"A request failed: {wrong[0]}")
    return {"seconds": time.monotonic() - started, "took_ms": took}


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


def main() -> None:
    for line in sys.stdin:
        sys.stdout.write(json.dumps(drive(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
