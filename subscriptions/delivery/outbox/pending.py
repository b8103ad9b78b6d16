"""Looking at what waits."""

from __future__ import annotations

from django.db import connection

# Endpoints under an open breaker wait until it closes; those that take nothing now do not count at all.
_NEXT_DUE = """
WITH RECURSIVE endpoint (id) AS (
    (SELECT subscription_id FROM subscriptions_delivery WHERE state = 'pending' ORDER BY subscription_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.subscription_id FROM subscriptions_delivery d
             WHERE d.state = 'pending' AND d.subscription_id > endpoint.id ORDER BY d.subscription_id LIMIT 1)
      FROM endpoint WHERE endpoint.id IS NOT NULL
)
SELECT extract(epoch FROM min(greatest(first.due_at, h.open_until)) - clock_timestamp())::float8
  FROM endpoint
  JOIN subscriptions_subscription s ON s.id = endpoint.id AND s.state = 'active'
  LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = endpoint.id
 CROSS JOIN (VALUES (0), (1)) AS lanes (lane)
 CROSS JOIN LATERAL (
    SELECT d.due_at FROM subscriptions_delivery d
     WHERE d.subscription_id = endpoint.id AND d.lane = lanes.lane AND d.state = 'pending'
     ORDER BY d.due_at LIMIT 1) first
"""


def seconds_to_next() -> float | None:
    """Seconds until the next row can be claimed (negative: it could be already), None when nothing is pending."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_DUE)
        seconds: float | None = cursor.fetchone()[0]
        return seconds


def oldest_due_seconds() -> float:
    """How long the oldest due row has been waiting for a claim, in seconds; 0 when none waits."""
    return max(0.0, -(seconds_to_next() or 0.0))
