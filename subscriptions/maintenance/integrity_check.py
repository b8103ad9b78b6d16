"""Is the outbox consistent? Each check is one query that counts rows that must not exist, with a few examples.

Checks of finished rows read only the events of a period, by their ids, which begin with the time. Checks of waiting
rows use the partial indexes on those. So the cost does not grow with the size of the log. Times are the database's, and
each query sees one snapshot: rows that are being written meanwhile are not miscounted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from ..events import catalogue
from ..lib.ids import first_uuid7_at

EXAMPLES = 5
# A timer that is due is handled within a second, and a paused subscription's deliveries are held within a minute.
OVERDUE_SECONDS = 300
LEASES_LATE = 5  # a row must be claimed again within this many lease times after its lease ended
_DAY = 86_400.0


@dataclass(frozen=True)
class Check:
    name: str
    means: str
    query: str  # selects the ids of wrong rows


@dataclass(frozen=True)
class Finding:
    name: str
    means: str
    count: int
    examples: list[str]


CHECKS = (
    Check(
        "events_fanned_out_wrong",
        "events with fewer or more deliveries than subscriptions matched when they happened",
        """
        SELECT e.id FROM subscriptions_event e
          LEFT JOIN (SELECT event_id, count(*) AS number FROM subscriptions_delivery
                      WHERE event_id >= %(kept)s GROUP BY event_id) d ON d.event_id = e.id
         WHERE e.id >= %(kept)s AND coalesce(d.number, 0) <> e.fan_out
        """,
    ),
    Check(
        "deliveries_adrift",
        "deliveries that are neither finished, nor held for a reason, nor scheduled",
        """
        SELECT d.id FROM subscriptions_delivery d WHERE d.state = 'pending' AND d.due_at IS NULL
        UNION ALL
        SELECT d.id FROM subscriptions_delivery d WHERE d.claim IS NOT NULL AND d.state <> 'pending'
        UNION ALL
        SELECT d.id FROM subscriptions_delivery d
         WHERE d.event_id >= %(after)s AND d.state <> 'pending'
           AND (d.due_at IS NOT NULL
                OR (d.state IN ('delivered', 'failed', 'cancelled') AND d.finished_at IS NULL)
                OR (d.state <> 'delivered' AND d.reason = ''))
        """,
    ),
    Check(
        "deliveries_nobody_takes",
        "deliveries that wait for an inactive subscription and are not held",
        """
        SELECT d.id FROM subscriptions_delivery d JOIN subscriptions_subscription s ON s.id = d.subscription_id
         WHERE d.state = 'pending' AND s.state <> 'active'
           AND d.due_at < clock_timestamp() - make_interval(secs => %(overdue)s)
        """,
    ),
    Check(
        "leases_expired",
        "deliveries whose drain is gone and that no other drain has claimed, though it could",
        # An endpoint with newer activity is being worked on: the row waits in that endpoint's queue.
        """
        SELECT d.id FROM subscriptions_delivery d
          JOIN subscriptions_subscription s ON s.id = d.subscription_id AND s.state = 'active' AND NOT s.ordered
          LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = d.subscription_id
         WHERE d.claim IS NOT NULL AND d.due_at < clock_timestamp() - make_interval(secs => %(lease_late)s)
           AND coalesce(greatest(h.open_until, h.last_success_at, h.last_failure_at, h.rate_used_until)
                        < clock_timestamp() - make_interval(secs => %(lease_late)s), true)
        """,
    ),
    Check(
        "outcomes_without_attempt",
        "deliveries that were sent, without a record of an attempt",
        """
        SELECT d.id FROM subscriptions_delivery d
          LEFT JOIN LATERAL (SELECT true AS there FROM subscriptions_attempt a
                              WHERE a.delivery_id = d.id AND a.number <= d.attempts LIMIT 1) record ON true
         WHERE d.event_id >= %(kept)s AND d.state IN ('delivered', 'failed') AND record.there IS NULL
        """,
    ),
    Check(
        "bodies_missing",
        "events whose body is missing in a payload version or shape that a delivery sends",
        """
        SELECT d.event_id FROM subscriptions_delivery d
          JOIN subscriptions_event e ON e.id = d.event_id
          LEFT JOIN subscriptions_eventbody b ON b.event_id = d.event_id AND b.version = d.payload_version
          LEFT JOIN subscriptions_shapedbody o
            ON d.shaped AND o.event_id = d.event_id AND o.subscription_id = d.subscription_id
         WHERE d.event_id >= %(after)s
           AND CASE WHEN d.shaped THEN o.event_id IS NULL
                    WHEN d.payload_version = 'article' THEN e.body = '' ELSE b.event_id IS NULL END
        """,
    ),
    Check(
        "attempts_without_delivery",
        "attempts whose delivery does not exist",
        """
        WITH lately AS MATERIALIZED (SELECT id FROM subscriptions_delivery WHERE event_id >= %(after)s)
        SELECT a.id FROM subscriptions_attempt a
          LEFT JOIN LATERAL (SELECT true AS there FROM subscriptions_delivery d
                              WHERE d.id = a.delivery_id LIMIT 1) delivery ON true
         WHERE a.delivery_id >= (SELECT min(id) FROM lately) AND delivery.there IS NULL
        """,
    ),
    Check(
        "streams_overdue",
        "calls, texts or forms whose timer is long overdue",
        """
        SELECT subject_id FROM subscriptions_eventstream
         WHERE wake_at < clock_timestamp() - make_interval(secs => %(overdue)s)
        """,
    ),
    Check(
        "sequences_broken",
        "calls, texts or forms whose events have a gap or a duplicate in their sequence, or a wrong last number",
        """
        SELECT of_subject.subject_id
          FROM (SELECT DISTINCT subject_id FROM subscriptions_event
                 WHERE id >= %(after)s AND NOT test) lately  -- a test event has no stream
         CROSS JOIN LATERAL (
            SELECT lately.subject_id, min(e.sequence) AS first, max(e.sequence) AS last,
                   count(*) AS number, count(DISTINCT e.sequence) AS different
              FROM subscriptions_event e WHERE e.subject_id = lately.subject_id) of_subject
          LEFT JOIN LATERAL (SELECT last_sequence FROM subscriptions_eventstream
                              WHERE subject_id = of_subject.subject_id LIMIT 1) t ON true
         WHERE number <> different OR last - first + 1 <> different OR last IS DISTINCT FROM t.last_sequence
        """,
    ),
    Check(
        "once_events_repeated",
        "events that may happen once per call, text or form, and happened again",
        """
        SELECT e.id FROM subscriptions_event e
         WHERE e.id >= %(after)s AND e.type = ANY (%(once)s) AND EXISTS (
               SELECT 1 FROM subscriptions_event earlier
                WHERE earlier.subject_id = e.subject_id AND earlier.type = e.type AND earlier.sequence < e.sequence)
        """,
    ),
    Check(
        "constraints_missing",
        "missing or invalid database constraints: a migration was not finished, or somebody removed them",
        """
        SELECT wanted FROM unnest(%(constraints)s::text[]) AS wanted
         WHERE NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = wanted AND c.convalidated)
        """,
    ),
)
CONSTRAINTS = (
    "delivery_once_per_subscription",
    "delivery_pending_is_scheduled",
    "event_sequence_of_subject",
    "attempt_number_of_delivery",
)


def check_integrity(*, seconds: float | None) -> list[Finding]:
    """Run every check on the events of the last `seconds`, or on all (None). Rows that retention has deleted are not
    reported: deliveries are expected only for events that retention has not reached."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        (now,) = cursor.fetchone()
    after = now - seconds if seconds is not None else 0.0
    kept = max(after, now - settings.RETAIN_DELIVERED_DAYS * _DAY)
    values = {
        "after": first_uuid7_at(max(0.0, after)),
        "kept": first_uuid7_at(max(0.0, kept)),
        "overdue": OVERDUE_SECONDS,
        "lease_late": max(60.0, LEASES_LATE * settings.DELIVERY_LEASE_SECONDS),
        "once": [event_type.name for event_type in catalogue.all_types() if event_type.once],
        "constraints": list(CONSTRAINTS),
    }
    return [_run(check, values, some=seconds is not None) for check in CHECKS]


def is_sound(findings: Iterable[Finding]) -> bool:
    return not any(finding.count for finding in findings)


def as_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in findings]


def _run(check: Check, values: dict[str, Any], *, some: bool) -> Finding:
    with transaction.atomic(), connection.cursor() as cursor:
        # On large tables this may take a minute. It must not slow down deliveries, so it uses one core.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        if some:  # the planner overestimates how many rows a day has; the queries are written for the indexes
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"WITH found (id) AS ({check.query}) SELECT count(*), "
            f"(SELECT array_agg(id::text) FROM (SELECT id FROM found LIMIT {EXAMPLES}) AS few) FROM found",
            values,
        )
        count, examples = cursor.fetchone()
    return Finding(check.name, check.means, count, examples or [])
