"""Is the outbox sound? Each check is one query that counts what must not be and names a few.

What concerns finished rows looks only at the events of a time, by their ids, which begin with the time; what concerns
waiting rows goes through the partial indexes on those. So the cost does not grow with what is kept. Everything is seen
by the database's clock, and each query sees one moment: nothing that is being written meanwhile is miscounted.
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
# A waiting time that is over is acted on within a second; a paused subscription's rows are held within a minute.
OVERDUE_SECONDS = 300
LEASES_LATE = 5  # leases: so long after a lease's end somebody must have claimed the row again
_DAY = 86_400.0


@dataclass(frozen=True)
class Check:
    name: str
    means: str
    query: str  # gives the ids of what is wrong


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
        "deliveries that are neither finished, held for a reason, nor scheduled",
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
        "deliveries that wait for a subscription that takes nothing, and are not held",
        """
        SELECT d.id FROM subscriptions_delivery d JOIN subscriptions_subscription s ON s.id = d.subscription_id
         WHERE d.state = 'pending' AND s.state <> 'active'
           AND d.due_at < clock_timestamp() - make_interval(secs => %(overdue)s)
        """,
    ),
    Check(
        "leases_expired",
        "deliveries whose drain is gone and that no other has taken, though nothing kept it from that",
        # An endpoint that was heard of since is being worked on: the row has its place in that endpoint's queue.
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
        "deliveries that were sent, of whose last attempt there is no record",
        """
        SELECT d.id FROM subscriptions_delivery d
          LEFT JOIN LATERAL (SELECT true AS there FROM subscriptions_attempt a
                              WHERE a.delivery_id = d.id AND a.number <= d.attempts LIMIT 1) record ON true
         WHERE d.event_id >= %(kept)s AND d.state IN ('delivered', 'failed') AND record.there IS NULL
        """,
    ),
    Check(
        "attempts_without_delivery",
        "attempts whose delivery is gone",
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
        "calls, texts or forms whose waiting time is long over, and nobody looked",
        """
        SELECT subject_id FROM subscriptions_eventstream
         WHERE wake_at < clock_timestamp() - make_interval(secs => %(overdue)s)
        """,
    ),
    Check(
        "sequences_broken",
        "calls, texts or forms whose events have a gap or a twin in their sequence, or do not end where they should",
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
        "events that happen once to a subject and happened again",
        """
        SELECT e.id FROM subscriptions_event e
         WHERE e.id >= %(after)s AND e.type = ANY (%(once)s) AND EXISTS (
               SELECT 1 FROM subscriptions_event twin
                WHERE twin.subject_id = e.subject_id AND twin.type = e.type AND twin.sequence < e.sequence)
        """,
    ),
    Check(
        "constraints_missing",
        "rules of the tables that PostgreSQL does not hold: a migration was not finished, or somebody removed them",
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
    """Every check, over the events of the last `seconds`, or over all (None). What retention has removed since is not
    missed: deliveries are looked for only where the events are younger than it."""
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
    return [_find(check, values, some=seconds is not None) for check in CHECKS]


def is_sound(findings: Iterable[Finding]) -> bool:
    return not any(finding.count for finding in findings)


def as_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in findings]


def _find(check: Check, values: dict[str, Any], *, some: bool) -> Finding:
    with transaction.atomic(), connection.cursor() as cursor:
        # It may take a minute on a big table, on one core: an audit must not be felt.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        if some:  # the queries know their indexes; the planner does not know how little a day is
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"WITH found (id) AS ({check.query}) SELECT count(*), "
            f"(SELECT array_agg(id::text) FROM (SELECT id FROM found LIMIT {EXAMPLES}) AS few) FROM found",
            values,
        )
        count, examples = cursor.fetchone()
    return Finding(check.name, check.means, count, examples or [])
