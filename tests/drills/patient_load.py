"""Clients that do not give up: a request that fails is sent again, to another web server, until it is answered.

Each thing has an external id, so that what was saved by a request whose answer was lost is not saved twice.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from tests.chaos.load import Tenant

THREADS = 4
PAUSE = 0.1  # seconds between two requests of one client
PATIENCE = 90.0  # seconds that a client tries; then its request has failed
TIMEOUT = (3.0, 20.0)  # to connect, and for an answer
AGAIN = 0.5


@dataclass
class Said:
    """What the web servers answered 2xx to. `events`: (resource id, event type) that must happen."""

    events: set[tuple[str, str]] = field(default_factory=set)
    things: int = 0
    requests: int = 0
    again: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    longest_wait: float = 0.0


class PatientLoad:
    def __init__(self, webs: list[str], tenants: list[Tenant]) -> None:
        self.said = Said()
        self._webs = webs
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(number, tenants[number % len(tenants)]))
            for number in range(THREADS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Each client finishes what it has begun."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, client: int, tenant: Tenant) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            id_of_it = {"external_source": f"client {client}", "external_id": str(number)}
            kind, steps = _story(number, tenant)
            resource_id = ""
            for fields, events in steps:
                path = f"/api/v1/{kind}/" + (f"{resource_id}/" if resource_id else "")
                body = fields if resource_id else fields | id_of_it
                found = self._send("PATCH" if resource_id else "POST", path, body, tenant.api_key, client + number)
                if not found:
                    break
                resource_id = found
                with self._lock:
                    self.said.events.update((resource_id, event) for event in events)
                self._stop.wait(PAUSE)
            with self._lock:
                self.said.things += 1

    def _send(self, method: str, path: str, body: dict[str, Any], key: str, first: int) -> str:
        """The resource id; empty when nobody took it within PATIENCE."""
        began = time.monotonic()
        for turn in range(first, 1_000_000_000):
            web = self._webs[turn % len(self._webs)]
            try:
                answer = requests.request(
                    method, web + path, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT
                )
                why = "" if answer.ok else f"{answer.status_code} {answer.text[:200]}"
            except requests.RequestException as error:
                why = type(error).__name__
            waited = time.monotonic() - began
            with self._lock:
                self.said.requests += 1
                self.said.longest_wait = max(self.said.longest_wait, waited)
                if why:
                    self.said.again[why[:60]] += 1
            if not why:
                return str(answer.json()["resource_id"])
            if waited > PATIENCE or (why[0] == "4" and answer.status_code != 429):
                with self._lock:
                    self.said.failed.append(f"{method} {path} at {web}: {why}")
                return ""
            time.sleep(AGAIN)
        raise AssertionError


Steps = list[tuple[dict[str, Any], list[str]]]


def _story(number: int, tenant: Tenant) -> tuple[str, Steps]:
    if number % 3 == 0:
        return "forms", [({"form_data": {"name": "Ann", "email": f"ann{number}@example.com"}}, ["form_submission"])]
    numbers = {
        "tracking_phone_number": tenant.tracking_number,
        "customer_phone_number": f"+1214555{100 + number % 100:04}",
    }
    if number % 3 == 1:
        return "texts", [({"direction": "inbound", "content": f"Hello {number}", **numbers}, ["text_message_received"])]
    ring = {"direction": "inbound", "start_time": _now(), **numbers}
    talk: Steps = [({"answered_at": _now()}, ["call_routing_complete"]), ({"ended_at": _now()}, ["post_call"])]
    return "calls", [(ring, ["pre_call"]), *talk]


def _now() -> str:
    return datetime.now(UTC).isoformat()
