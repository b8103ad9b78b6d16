"""The state of the service as the database has it. Every query reads a bounded number of rows along an index: what it
costs depends neither on companies, nor on endpoints, nor on deliveries."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import OperationalError, connection
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from callhooks_site.privacy.models import FAILS_AT
from subscriptions.delivery.outbox.cursors import BY_INDEX, CLAIM_LOCK
from subscriptions.worker import health, queue_status

from .parts import Part, gauge, gauges

MOST_DELIVERIES = 5_000  # of each stage; counting them takes some milliseconds
MOST_IN_FLIGHT = 50_000  # 20 drains with all that they may have
MOST_ENDPOINTS = 2_000
MOST_OTHERS = 1_000

_DELIVERIES = f"""
SELECT {
    ", ".join(
        f"(SELECT count(*) FROM (SELECT FROM subscriptions_delivery WHERE state = 'pending' AND {which} "
        f"ORDER BY {order} LIMIT {MOST_DELIVERIES}) counted)"
        for which, order in (
            ("stage = 1", "company_id, subscription_id"),
            ("stage = 0 AND claim IS NULL", "due_at"),
            ("stage = 2", "subscription_id"),
        )
    )
}
"""
_IN_FLIGHT = f"""
SELECT count(*) FILTER (WHERE due_at > clock_timestamp()), count(*) FILTER (WHERE due_at <= clock_timestamp())
  FROM (SELECT due_at FROM subscriptions_delivery WHERE claim IS NOT NULL
         ORDER BY subscription_id, due_at LIMIT {MOST_IN_FLIGHT}) claimed
"""
_ENDPOINTS = f"""
SELECT count(*), count(*) FILTER (WHERE h.open_until > clock_timestamp()),
       count(*) FILTER (WHERE h.opened > 0 AND h.open_until <= clock_timestamp())
  FROM (SELECT subscription_id, opened, open_until FROM subscriptions_endpointhealth
         WHERE failing_since IS NOT NULL ORDER BY failing_since LIMIT {MOST_ENDPOINTS}) h
  JOIN subscriptions_subscription s ON s.id = h.subscription_id AND s.state = 'active'
"""
_DISABLED = f"""
SELECT count(*) FROM (SELECT FROM subscriptions_subscription WHERE state = 'disabled'
                       ORDER BY id LIMIT {MOST_ENDPOINTS}) counted
"""
_ISSUES = f"""
SELECT count(*) FROM (SELECT FROM subscriptions_endpointissue WHERE solved_at IS NULL
                       ORDER BY company_id, id LIMIT {MOST_ENDPOINTS}) counted
"""
_CLAIM_LOCK = """
SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0)::float8
  FROM pg_locks
 WHERE locktype = 'advisory' AND NOT granted AND classid = 0 AND objid = %s AND objsubid = 1
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_MAILS = f"""
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8
  FROM (SELECT created_at FROM subscriptions_mailrequest WHERE finished_at IS NULL
         ORDER BY due_at LIMIT {MOST_OTHERS}) waiting
"""
_IMPORTS = f"""
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(coalesce(stepped_at, created_at))), 0)::float8
  FROM (SELECT stepped_at, created_at FROM imports_importjob WHERE state IN ('checking', 'running')
         ORDER BY id LIMIT {MOST_OTHERS}) working
"""
# The oldest of those that run: one that fails becomes one of them.
_ERASURES = f"""
SELECT count(*) FROM (SELECT tries FROM privacy_erasure WHERE state = 'running' ORDER BY id LIMIT {MOST_OTHERS}) oldest
 WHERE tries >= %s
"""
_RETENTION = (
    """SELECT "table", extract(epoch FROM clock_timestamp() - began_at)::float8 FROM subscriptions_retentionplace"""
)


def _numbers(query: str, *values: int) -> tuple[float, ...]:
    """Of the one row. The planner must not think that reading a whole table is quicker."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {BY_INDEX}")
        cursor.execute(query, values)
        return tuple(float(number) for number in cursor.fetchone())


def _health() -> Iterator[Metric]:
    seen = health.look()
    if not seen.database:
        raise OperationalError(seen.ills[0])
    yield gauge("callhooks_drains_wanted", "Drains that there should be (DELIVERY_DRAINS).", seen.drains_wanted)
    yield gauge("callhooks_drains_working", "Drains with a fresh heartbeat.", seen.drains)
    if seen.beat_seconds is not None:
        yield gauge("callhooks_drain_beat_seconds", "Since any drain last worked.", seen.beat_seconds)
    about = "How long the oldest delivery has been due that a drain could take."
    yield gauge("callhooks_oldest_due_seconds", about, seen.oldest_due_seconds)
    yield gauge("callhooks_outage", "1: an outage of the service's own lasts.", bool(seen.outage))
    yield gauge("callhooks_quiet", "1: the database is a copy, and nothing is sent.", bool(seen.quiet))


def _deliveries() -> Iterator[Metric]:
    available, scheduled, parked = _numbers(_DELIVERIES)
    yield gauges(
        "callhooks_deliveries_waiting",
        f"Deliveries that wait, up to {MOST_DELIVERIES} of each stage.",
        "stage",
        {"available": available, "scheduled": scheduled, "parked": parked},
    )
    flying, ended = _numbers(_IN_FLIGHT)
    yield gauge("callhooks_deliveries_in_flight", "Deliveries that a drain is sending.", flying)
    yield gauge("callhooks_leases_ended", "Deliveries whose drain is gone, until another takes them.", ended)


def _endpoints() -> Iterator[Metric]:
    failing, opened, half_open = _numbers(_ENDPOINTS)
    yield gauges(
        "callhooks_endpoints",
        f"Endpoints that fail, and the state of their breakers; up to {MOST_ENDPOINTS}.",
        "state",
        {"failing": failing, "open": opened, "half_open": half_open},
    )
    yield gauge("callhooks_subscriptions_disabled", "Subscriptions that were switched off.", *_numbers(_DISABLED))
    yield gauge("callhooks_issues_open", "Open issues of endpoints.", *_numbers(_ISSUES))


def _claim_lock() -> Iterator[Metric]:
    waiting, seconds = _numbers(_CLAIM_LOCK, CLAIM_LOCK)
    yield gauge("callhooks_claim_lock_waiting", "Drains that wait for the claim lock.", waiting)
    yield gauge("callhooks_claim_lock_wait_seconds", "How long the first of them has waited.", seconds)


def _queue() -> Iterator[Metric]:
    queued, seconds = queue_status.measure_queue()
    yield gauge("callhooks_tasks_queued", "Background tasks that no worker has taken.", queued)
    yield gauge("callhooks_task_wait_seconds", "How long the first of them has waited.", seconds)


def _mails() -> Iterator[Metric]:
    waiting, seconds = _numbers(_MAILS)
    yield gauge("callhooks_mails_waiting", "Mails that are not sent yet.", waiting)
    yield gauge("callhooks_mail_wait_seconds", "How long the oldest of them has waited.", seconds)


def _imports() -> Iterator[Metric]:
    working, seconds = _numbers(_IMPORTS)
    yield gauge("callhooks_imports_at_work", "Files that are being checked or imported.", working)
    yield gauge("callhooks_import_wait_seconds", "Since the last step of the one that has waited longest.", seconds)


def _erasures() -> Iterator[Metric]:
    about = "Erasures of people whose step failed again and again."
    yield gauge("callhooks_erasures_failing", about, *_numbers(_ERASURES, FAILS_AT))


def _retention() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "callhooks_retention_pass_seconds",
        "Since retention last began at the beginning of the table; a day when all is well.",
        labels=["table"],
    )
    with connection.cursor() as cursor:
        cursor.execute(_RETENTION)
        for table, seconds in cursor.fetchall():
            family.add_metric([table], seconds)
    yield family


PARTS: dict[str, Part] = {
    "health": _health,
    "deliveries": _deliveries,
    "endpoints": _endpoints,
    "claim_lock": _claim_lock,
    "queue": _queue,
    "mails": _mails,
    "imports": _imports,
    "erasures": _erasures,
    "retention": _retention,
}
