"""How many deliveries wait, and for which endpoints. For the home page and the operators' Service page.

Every query reads a bounded number of rows from partial indexes, so its cost does not grow with the backlog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from ..models import EndpointHealth, Subscription
from ..worker.health import WAITING_ENDPOINTS

COUNT_LIMIT = 10_000  # per subscription; above that pages show "more than"
MAX_ENDPOINTS = 500  # each costs one index lookup
MAX_SHOWN = 20

# Company by company, so that an agency's thousands are not all read to find the first endpoints.
_SOME = """
SELECT s.id FROM unnest(%(companies)s::bigint[]) AS company (id)
 CROSS JOIN LATERAL (SELECT id FROM subscriptions_subscription
                      WHERE company_id = company.id AND state <> 'archived' ORDER BY id) s
 LIMIT %(endpoints)s
"""
_EVERY = "SELECT id FROM subscriptions_subscription WHERE state <> 'archived' ORDER BY id LIMIT %(endpoints)s"
_OF_SOME = f"WITH endpoint (id) AS ({_SOME})"
_WAITING = """
SELECT endpoint.id, counted.rows, counted.flying,
       extract(epoch FROM clock_timestamp() - counted.oldest)::float8
  FROM (SELECT id FROM endpoint WHERE id IS NOT NULL LIMIT %(endpoints)s) endpoint
 CROSS JOIN LATERAL (
    SELECT count(*) AS rows, count(first.claim) AS flying,
           least((SELECT min(due_at) FROM subscriptions_delivery d
                   WHERE d.subscription_id = endpoint.id AND d.lane = 0 AND d.state = 'pending'),
                 (SELECT min(due_at) FROM subscriptions_delivery d
                   WHERE d.subscription_id = endpoint.id AND d.lane = 1 AND d.state = 'pending')) AS oldest
      FROM (SELECT d.claim FROM subscriptions_delivery d
             WHERE d.subscription_id = endpoint.id AND d.state = 'pending' LIMIT %(rows)s) first) counted
 WHERE counted.rows > 0
 ORDER BY counted.rows DESC, endpoint.id
"""
_WAITING_OF = """
SELECT s.id, counted.rows FROM unnest(%(subscriptions)s::bigint[]) s (id)
 CROSS JOIN LATERAL (SELECT count(*) AS rows FROM (SELECT FROM subscriptions_delivery d
     WHERE d.subscription_id = s.id AND d.state = 'pending' LIMIT %(rows)s) first) counted
"""
_UNSENT = """
SELECT counted.state, sum(counted.rows)::int
  FROM ({endpoints}) s
 CROSS JOIN LATERAL (
    -- The partial index needs each state as a literal.
    SELECT 'failed' AS state, count(*) AS rows FROM (SELECT FROM subscriptions_delivery d
     WHERE d.subscription_id = s.id AND d.state = 'failed' LIMIT %(rows)s) first
     UNION ALL
    SELECT 'held', count(*) FROM (SELECT FROM subscriptions_delivery d
     WHERE d.subscription_id = s.id AND d.state = 'held' LIMIT %(rows)s) first) counted
 GROUP BY 1
"""


@dataclass(frozen=True)
class Waiting:
    """Waiting deliveries of one subscription. `late`: seconds since the first of them became due; negative if it is due
    in the future."""

    subscription_id: int
    rows: int
    flying: int
    late: float


@dataclass(frozen=True)
class Backlog:
    waiting: list[Waiting]
    total: int
    exact: bool

    @property
    def total_in_words(self) -> str:
        return f"{self.total:,}" if self.exact else f"More than {self.total:,}"

    @property
    def latest(self) -> float:
        """Seconds since the oldest delivery became due; 0 if none is due."""
        return max((one.late for one in self.waiting), default=0.0)


def measure(companies: Sequence[int] | None) -> Backlog:
    """Count the waiting deliveries of these companies; of all companies for None."""
    query = (WAITING_ENDPOINTS if companies is None else _OF_SOME) + _WAITING
    with connection.cursor() as cursor:
        cursor.execute(query, _query_parameters(companies, COUNT_LIMIT + 1))
        waiting = [Waiting(*row) for row in cursor.fetchall()]
    exact = len(waiting) < MAX_ENDPOINTS and all(one.rows <= COUNT_LIMIT for one in waiting)
    return Backlog(waiting, sum(min(one.rows, COUNT_LIMIT) for one in waiting), exact)


def count_waiting(subscriptions: Sequence[int]) -> dict[int, int]:
    """Count the waiting deliveries of each, at most COUNT_LIMIT."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING_OF, {"subscriptions": list(subscriptions), "rows": COUNT_LIMIT})
        return dict(cursor.fetchall())


def count_unsent(companies: Sequence[int] | None) -> dict[str, int]:
    """Count `failed` and `held` deliveries, at most COUNT_LIMIT per subscription."""
    query = _UNSENT.format(endpoints=_EVERY if companies is None else _SOME)
    with connection.cursor() as cursor:
        cursor.execute(query, _query_parameters(companies, COUNT_LIMIT))
        return {"failed": 0, "held": 0, **dict(cursor.fetchall())}


def _query_parameters(companies: Sequence[int] | None, rows: int) -> dict[str, Any]:
    return {"companies": list(companies or ()), "endpoints": MAX_ENDPOINTS, "rows": rows}


def format_count(rows: int) -> str:
    return f"{rows:,}" if rows <= COUNT_LIMIT else f"more than {COUNT_LIMIT:,}"


def find_failing_endpoints(companies: Sequence[int] | QuerySet[Any] | None) -> list[EndpointHealth]:
    """Endpoints that have only failed for ENDPOINT_TELL_SECONDS, and disabled subscriptions. Longest failing first."""
    rows = EndpointHealth.objects.all()
    if companies is not None:
        rows = rows.filter(subscription__company__in=companies)
    hidden = [f"subscription__{name}" for name in Subscription.ENCRYPTED]
    rows = rows.select_related("subscription__company").defer("subscription__company__signing_key", *hidden)
    # Two queries, each along an index that has only such rows: one for both reads every endpoint there is.
    late = Q(failing_since__lt=Now() - timedelta(seconds=settings.ENDPOINT_TELL_SECONDS))
    disabled = Q(subscription__state=Subscription.State.DISABLED)
    failing = rows.filter(late & Q(subscription__state=Subscription.State.ACTIVE)).order_by("failing_since", "pk")
    switched_off = rows.filter(disabled).order_by(F("failing_since").asc(nulls_last=True), "pk")
    found = [*failing[:MAX_SHOWN], *switched_off[:MAX_SHOWN]]
    found.sort(key=lambda row: (row.failing_since is None, row.failing_since or row.subscription.created_at, row.pk))
    return found[:MAX_SHOWN]


def load_subscriptions(ids: Sequence[int]) -> dict[int, Any]:
    rows: QuerySet[Subscription] = Subscription.objects.select_related("company")
    return rows.defer("company__signing_key", *Subscription.ENCRYPTED).in_bulk(list(ids))
