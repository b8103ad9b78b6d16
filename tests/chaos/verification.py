"""After the chaos: what was accepted, what is in the database, and what arrived."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.chaos.receiver import Arrival

Arrivals = Mapping[tuple[str, str], list[Arrival]]

_DELIVERIES = """
SELECT e.id, e.type, e.subject_id, e.sequence, e.body, extract(epoch FROM e.created_at)::float8, s.url, s.ordered,
       d.state,
       (SELECT convert_from(a.response_body, 'UTF8') FROM subscriptions_attempt a
         WHERE a.delivery_id = d.id AND a.outcome = 'delivered' LIMIT 1),
       (SELECT string_agg(a.outcome || ' ' || to_char(a.started_at, 'HH24:MI:SS') || ' ' || a.error, ', '
                                   ORDER BY a.number)
                   FROM subscriptions_attempt a WHERE a.delivery_id = d.id)
  FROM subscriptions_event e
  LEFT JOIN subscriptions_delivery d ON d.event_id = e.id
  LEFT JOIN subscriptions_subscription s ON s.id = d.subscription_id
 ORDER BY e.subject_id, e.sequence
"""
_UNFINISHED = """
SELECT (SELECT count(*) FROM subscriptions_delivery WHERE state = 'pending')
     + (SELECT count(*) FROM subscriptions_eventstream WHERE wake_at IS NOT NULL)
"""


@dataclass
class Verification:
    """`lost`: deliveries that never arrived, and events that were accepted and never happened. `forged`: deliveries
    that are recorded as delivered, although they never arrived or the receiver never gave the answer that is recorded.
    `altered`: arrivals whose bytes are not the event's. `unexpected`: arrivals that belong to no delivery."""

    events: int = 0
    deliveries: int = 0
    arrived: int = 0
    lost: int = 0
    forged: int = 0
    duplicates: int = 0
    altered: int = 0
    unexpected: int = 0
    out_of_order: int = 0
    longest_delay: float = 0.0
    slowest: str = ""
    examples: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.forged or self.altered or self.unexpected or self.out_of_order)

    def note(self, words: str) -> None:
        if len(self.examples) < 10:
            self.examples.append(words)


def quiet(url: str) -> bool:
    """Whether nothing waits any more."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
            row = connection.execute(_UNFINISHED).fetchone()
    except psycopg.Error:
        return False
    return row is not None and row[0] == 0


def verify(url: str, accepted: set[tuple[str, str]], arrivals: Arrivals) -> Verification:
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(_DELIVERIES).fetchall()
    result = Verification(events=len({row[0] for row in rows}), arrived=sum(len(came) for came in arrivals.values()))
    expected: set[tuple[str, str]] = set()
    last_in_order: dict[tuple[str, str], float] = {}
    for event_id, event_type, subject, sequence, body, created_at, target, ordered, state, answer, attempts in rows:
        if target is None:
            continue
        result.deliveries += 1
        key = (urlsplit(target).path, f"evt_{event_id.hex}")
        expected.add(key)
        came = arrivals.get(key, [])
        if not came or state != "delivered":
            result.lost += 1
            result.note(f"{event_type} {sequence} of {subject} for {key[0]}: {state}, arrived {len(came)} times")
        if state == "delivered" and answer not in {arrival.answer for arrival in came}:
            result.forged += 1
            result.note(f"{event_type} {sequence} of {subject} for {key[0]}: the answer {answer!r} was never given")
        if not came:
            continue
        result.duplicates += len(came) - 1
        right = hashlib.sha256(bytes(body)).hexdigest()
        result.altered += sum(arrival.body_hash != right for arrival in came)
        first = min(arrival.at for arrival in came)
        if first - created_at > result.longest_delay:
            result.longest_delay = first - created_at
            happened_at = time.strftime("%H:%M:%S", time.gmtime(created_at))
            result.slowest = f"{event_type} {sequence} for {key[0]}, happened {happened_at}: {attempts}"
        if ordered:
            if first < last_in_order.get((key[0], subject), 0.0):
                result.out_of_order += 1
                result.note(f"{event_type} {sequence} of {subject} arrived at {key[0]} before an earlier one")
            last_in_order[key[0], subject] = first
    happened = {(row[2], row[1]) for row in rows}
    for subject, event_type in sorted(accepted - happened):
        result.lost += 1
        result.note(f"{event_type} of {subject} was accepted and never happened")
    unexpected = set(arrivals) - expected
    result.unexpected = len(unexpected)
    for path, webhook_id in sorted(unexpected)[:3]:
        result.note(f"{webhook_id} at {path} belongs to no delivery")
    return result


def longest_recovery(kills: list[tuple[float, str]], arrivals: Arrivals) -> tuple[float, str]:
    """The longest time (seconds) from a kill until a webhook arrived that had not arrived before, and the kill's
    kind."""
    firsts = sorted(min(arrival.at for arrival in came) for came in arrivals.values())
    worst = (0.0, "")
    for at, kind in kills:
        after = next((first for first in firsts if first > at), time.time())
        worst = max(worst, (after - at, kind))
    return worst


def as_json(result: Verification) -> dict[str, Any]:
    return {
        "events": result.events,
        "deliveries": result.deliveries,
        "arrived": result.arrived,
        "lost": result.lost,
        "forged": result.forged,
        "duplicates": result.duplicates,
        "altered": result.altered,
        "unexpected": result.unexpected,
        "out_of_order": result.out_of_order,
        "longest_delay_seconds": round(result.longest_delay, 2),
        "slowest": result.slowest,
        "examples": result.examples,
    }
