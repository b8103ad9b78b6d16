"""Are deliveries being made? What a health check, a person and a monitoring system ask, by the database's clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from ..maintenance import copies

# A drain beats every five seconds; between one that was killed and the next lie some more.
BEAT_SECONDS = 30.0
PATIENCE = "3s"  # a health check that hangs helps nobody

_DRAINS = """
SELECT count(*) FILTER (WHERE beat_at > clock_timestamp() - make_interval(secs => %s)),
       extract(epoch FROM clock_timestamp() - max(beat_at))::float8
  FROM subscriptions_drainslot WHERE number <= %s
"""

# Subscriptions that have something waiting, one after the other along the index; the last id is null.
WAITING_ENDPOINTS = """
WITH RECURSIVE endpoint (id) AS (
    (SELECT subscription_id FROM subscriptions_delivery WHERE state = 'pending' ORDER BY subscription_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.subscription_id FROM subscriptions_delivery d
             WHERE d.state = 'pending' AND d.subscription_id > endpoint.id ORDER BY d.subscription_id LIMIT 1)
      FROM endpoint WHERE endpoint.id IS NOT NULL
)
"""
# Endpoints of which a drain could take something now: some that have an available row, some in the queue whose time has
# come, and those of the first rows that are due, or whose lease ended, and that nobody made available.
MOST_ENDPOINTS = 500
# An index can be asked for the time of the statement; for one that changes meanwhile all rows would be read.
_TAKEABLE = f"""
WITH RECURSIVE available (company, id, place) AS (
    (SELECT company_id, subscription_id, 1 FROM subscriptions_delivery WHERE state = 'pending' AND stage = 1
      ORDER BY company_id, subscription_id LIMIT 1)
    UNION ALL
    SELECT next.company_id, next.subscription_id, available.place + 1
      FROM available CROSS JOIN LATERAL (
        SELECT company_id, subscription_id FROM subscriptions_delivery d
         WHERE d.state = 'pending' AND d.stage = 1
           AND (d.company_id, d.subscription_id) > (available.company, available.id)
         ORDER BY d.company_id, d.subscription_id LIMIT 1) next
     WHERE available.place < {MOST_ENDPOINTS}
), endpoint (id) AS (
    SELECT id FROM available
     UNION
    (SELECT subscription_id FROM subscriptions_endpointqueue WHERE ready_at <= statement_timestamp()
      ORDER BY ready_at LIMIT {MOST_ENDPOINTS})
     UNION
    (SELECT subscription_id FROM subscriptions_delivery
      WHERE state = 'pending' AND stage = 0 AND claim IS NULL AND due_at <= statement_timestamp()
      ORDER BY due_at LIMIT {MOST_ENDPOINTS})
     UNION
    (SELECT subscription_id FROM subscriptions_delivery WHERE claim IS NOT NULL AND due_at <= statement_timestamp()
      ORDER BY subscription_id, due_at LIMIT {MOST_ENDPOINTS})
)
"""
# The oldest row that a drain could take now and that nobody takes. An endpoint that is answering, however slowly, that
# fails, whose breaker is open or whose rate is used up makes its own rows wait, and says nothing about us.
_OLDEST = f"""
{_TAKEABLE}SELECT extract(epoch FROM statement_timestamp() - min(first.due_at))::float8
  FROM endpoint
  JOIN subscriptions_subscription s ON s.id = endpoint.id AND s.state = 'active'
  LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = endpoint.id
 CROSS JOIN (VALUES (0), (1)) AS lanes (lane)
 CROSS JOIN LATERAL (
    SELECT d.due_at, d.event_id FROM subscriptions_delivery d
     WHERE d.subscription_id = endpoint.id AND d.lane = lanes.lane AND d.state = 'pending'
       AND d.due_at <= statement_timestamp() ORDER BY d.due_at LIMIT 1) first
 WHERE h.failing_since IS NULL
   AND coalesce(h.open_until <= statement_timestamp(), true)
   AND coalesce(h.rate_used_until <= statement_timestamp(), true)
   AND coalesce(h.last_success_at < statement_timestamp() - make_interval(secs => %s), true)
   AND NOT EXISTS (SELECT 1 FROM subscriptions_delivery f
                    WHERE f.subscription_id = endpoint.id AND f.claim IS NOT NULL AND f.due_at > statement_timestamp())
   AND (NOT s.ordered OR NOT EXISTS (
        SELECT 1 FROM subscriptions_event e
          JOIN subscriptions_event p ON p.subject_id = e.subject_id AND p.sequence < e.sequence
          JOIN subscriptions_delivery b ON b.event_id = p.id AND b.subscription_id = endpoint.id
         WHERE e.id = first.event_id AND b.state IN ('pending', 'held')))
"""

_OUTAGE = """
SELECT began_at AT TIME ZONE 'UTC', hosts, companies, errors FROM subscriptions_serviceoutage WHERE ongoing
"""


@dataclass(frozen=True)
class Health:
    """`beat_seconds`: since any drain last said that it works; None if none ever did. `oldest_due_seconds`: how long
    the oldest delivery has waited that could have been sent. `outage`: one of our own that lasts, in words. `quiet`:
    why nothing is sent, where the database is a copy. `ills`: what is wrong, in words; none when all is well."""

    database: bool
    drains: int = 0
    drains_wanted: int = 0
    beat_seconds: float | None = None
    oldest_due_seconds: float = 0.0
    outage: str = ""
    quiet: str = ""
    ills: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        return not self.ills


def look() -> Health:
    """Never raises for the database, and takes a few seconds at most once it is connected."""
    wanted: int = settings.DELIVERY_DRAINS
    limit: float = settings.HEALTH_OLDEST_DUE_SECONDS
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
            cursor.execute(_DRAINS, [BEAT_SECONDS, wanted])
            drains, beat = cursor.fetchone()
            cursor.execute(_OLDEST, [limit])
            oldest = max(0.0, cursor.fetchone()[0] or 0.0)
            cursor.execute(_OUTAGE)
            outage = cursor.fetchone()
            quiet = copies.explain()
    except (DatabaseError, InterfaceError) as error:
        return Health(database=False, drains_wanted=wanted, ills=[f"The database does not answer: {error}".strip()])
    if quiet:  # then no drain works, and what is due stays
        return Health(True, drains, wanted, beat, oldest, quiet=quiet, ills=[quiet])
    ills = []
    if not drains:
        since = "ever" if beat is None else f"for {beat:.0f} s"
        ills.append(f"No drain has worked {since}. Is the cluster running? See its log.")
    told = ""
    if outage:
        told = (
            f"An outage of this service's own since {outage[0]:%Y-%m-%d %H:%M:%S} UTC: {outage[1]} hosts of "
            f"{outage[2]} companies fail at once ({outage[3]}). Check this machine's name resolution, network and "
            "clock. It costs no attempt, and all is sent when it is over."
        )
        ills.append(told)
    elif oldest > limit:
        ills.append(f"A delivery has been due for {oldest:.0f} s, and nobody takes it. See the log of the cluster.")
    return Health(True, drains, wanted, beat, oldest, told, ills=ills)
