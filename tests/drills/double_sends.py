"""Which repeats of webhooks break a promise: a second request while the first one's lease lasted."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import psycopg

from tests.chaos.receiver import Arrival

_ATTEMPTS = """
SELECT d.event_id, s.url, (SELECT count(*) FROM subscriptions_attempt a WHERE a.delivery_id = d.id)
  FROM subscriptions_delivery d JOIN subscriptions_subscription s ON s.id = d.subscription_id
"""
# Before the primary was lost: its last claims may have gone with it, since their commit waits for no disk.
UNAWAITED_SECONDS = 5.0


def count_double_sends(
    url: str, arrivals: Mapping[tuple[str, str], list[Arrival]], failover: tuple[float, float]
) -> tuple[int, list[str]]:
    """How many requests arrived that no claim stands for, and examples. Each claim is an attempt in the log, and a
    second one is made only when the first has its outcome or its lease has ended. Those that a failover repeats are not
    counted: see UNAWAITED_SECONDS."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(_ATTEMPTS).fetchall()
    double, examples = 0, []
    for event_id, target, attempts in rows:
        came = arrivals.get((urlsplit(target).path, f"evt_{event_id.hex}"), [])
        if len(came) <= attempts:
            continue
        if any(failover[0] - UNAWAITED_SECONDS <= arrival.at <= failover[1] for arrival in came):
            continue
        double += len(came) - attempts
        examples.append(f"evt_{event_id.hex} arrived {len(came)} times, and has {attempts} attempts")
    return double, examples[:5]
