"""Calls, texts and forms through the HTTP API, and the events that must have happened for what was accepted."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from callhooks_site.devtools.demo.api import Api, ApiError

PAUSE = 0.12  # seconds between two requests of one thread, on the average
THREADS = 4
MOST_REASONS = 5


@dataclass(frozen=True)
class Tenant:
    api_key: str
    tracking_number: str


@dataclass
class Accepted:
    """What the API answered 2xx to. `events`: (resource id, event type) that must have happened by the end."""

    events: set[tuple[str, str]] = field(default_factory=set)
    requests: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)  # of the first that failed
    slowest: float = 0.0  # seconds
    slowest_at: str = ""  # when that one was sent


class Load:
    def __init__(self, api_url: str, tenants: list[Tenant], seed: int, threads: int = THREADS) -> None:
        self.accepted = Accepted()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(api_url, tenants[n % len(tenants)], random.Random(f"{seed}-{n}")))
            for n in range(threads)
        ]

    def accepted_by_now(self) -> set[tuple[str, str]]:
        """The events of what the API has accepted: they are in the database."""
        with self._lock:
            return set(self.accepted.events)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, api_url: str, tenant: Tenant, rng: random.Random) -> None:
        api = Api(api_url, tenant.api_key)
        while not self._stop.is_set():
            story = rng.choice([_call, _call, _call, _text, _form])
            subject = ""
            for kind, fields, events in story(tenant, rng):
                subject = self._send(api, kind, fields, subject, events)
                self._stop.wait(rng.uniform(0, 2 * PAUSE))
                if not subject:
                    break

    def _send(self, api: Api, kind: str, fields: dict[str, Any], subject: str, events: list[str]) -> str:
        began, at = time.monotonic(), time.strftime("%H:%M:%S")
        try:
            resource_id = api.send("PATCH" if subject else "POST", kind, fields, subject)
        except ApiError as error:
            with self._lock:
                self.accepted.failed[type(error).__name__] += 1
                if len(self.accepted.reasons) < MOST_REASONS:
                    self.accepted.reasons.append(str(error))
            return ""
        with self._lock:
            self.accepted.requests += 1
            took = time.monotonic() - began
            if took > self.accepted.slowest:
                self.accepted.slowest, self.accepted.slowest_at = took, at
            self.accepted.events.update((resource_id, event) for event in events)
        return resource_id


Steps = list[tuple[str, dict[str, Any], list[str]]]


def _call(tenant: Tenant, rng: random.Random) -> Steps:
    """A call from its ringing on, cut off anywhere: each request tells what has happened by then."""
    ring = {
        "direction": "inbound",
        "tracking_phone_number": tenant.tracking_number,
        "customer_phone_number": _customer(rng),
        "start_time": _now(),
    }
    steps: Steps = [
        ("calls", ring, ["pre_call"]),
        ("calls", {"routed_at": _now(), "answered_at": _now()}, ["call_routing_complete"]),
        ("calls", {"ended_at": _now()}, ["post_call"]),  # by a timer: its recording comes late or never
        ("calls", {"recording_url": "https://media.example.com/1.mp3", "recording_duration": 13}, []),
        ("calls", {"transcription_text": "Hello. " * rng.randint(1, 50)}, []),
        ("calls", {"tags": ["chaos", str(rng.random())], "note": "Größe 😀"}, []),
    ]
    return steps[: rng.randint(1, len(steps))]


def _text(tenant: Tenant, rng: random.Random) -> Steps:
    direction = rng.choice(["inbound", "outbound"])
    fields = {
        "direction": direction,
        "tracking_phone_number": tenant.tracking_number,
        "customer_phone_number": _customer(rng),
        "content": f"Hello {rng.random()}",
    }
    return [("texts", fields, ["text_message_received" if direction == "inbound" else "text_message_sent"])]


def _form(tenant: Tenant, rng: random.Random) -> Steps:
    data = {"name": "Ann Example", "email": f"ann{rng.randint(1, 500)}@example.com"}
    return [("forms", {"form_data": data, "form_url": "https://example.com/contact"}, ["form_submission"])]


def _customer(rng: random.Random) -> str:
    return f"+1214555{rng.randint(100, 199):04}"


def _now() -> str:
    return datetime.now(UTC).isoformat()
