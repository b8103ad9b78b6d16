"""Which endpoints began to fail, recovered or were disabled: found by the sweep, told once and damped, as events to the
subscriptions that ask for them and as alerts to destinations.

Where nobody in the company wants to know, nothing is looked at. Nor is a subscription that gets nothing but events
about delivery: its failures would only tell of each other.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from ..events.delivery_events import DISABLED, ENDPOINT_EVENTS, FAILING, RECOVERED
from ..models import EndpointNews, ServiceOutage, Subscription
from . import alert_messages, damping, delivery_news
from .damping import Known
from .failing import IS_FAILING

logger = logging.getLogger(__name__)

MOST_IN_A_SWEEP = 500
GIVEN_UP_EVERY_SECONDS = 3600.0  # alerts about webhooks of one subscription that were given up
EVENTS = {damping.WELL: RECOVERED, damping.FAILING: FAILING, damping.DISABLED: DISABLED}

# Who may have something to tell: endpoints that fail (a partial index), disabled ones (another), and those of which
# something is open (another). `state` is what is the case; where it is not clear, as in a pause, what was seen before.
_CANDIDATES = f"""
    SELECT h.subscription_id FROM subscriptions_endpointhealth h
     WHERE {IS_FAILING}
     UNION
    SELECT id FROM subscriptions_subscription
     WHERE state = 'disabled' AND state_changed_at > clock_timestamp() - interval '1 day'
     UNION
    SELECT subscription_id FROM subscriptions_endpointnews WHERE seen <> 'well' OR tell_at IS NOT NULL OR given_up > 0
"""
_LOOK = f"""
WITH candidate (id) AS (<candidates>), judged AS (
    SELECT s.id, n.seen, n.untold, n.tell_at, n.given_up, n.given_up_told_at,
           CASE WHEN s.state = 'disabled' THEN 'disabled'
                WHEN s.state <> 'active' THEN coalesce(n.seen, 'well')
                WHEN {IS_FAILING} THEN 'failing'
                WHEN h.failing_since IS NULL AND h.last_success_at > n.changed_at THEN 'well'
                ELSE coalesce(n.seen, 'well') END AS state,
           h.failing_since, h.last_failure, s.state_reason, s.state_changed_at
      FROM candidate
      JOIN subscriptions_subscription s ON s.id = candidate.id AND s.state <> 'archived' AND NOT s.for_alerts
      LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = s.id
      LEFT JOIN subscriptions_endpointnews n ON n.subscription_id = s.id
     WHERE EXISTS (SELECT FROM unnest(s.events) AS name WHERE position('.' IN name) = 0)
       AND (EXISTS (SELECT FROM subscriptions_alertdestination a WHERE a.company_id = s.company_id AND a.active)
            OR EXISTS (SELECT FROM subscriptions_subscription o
                        WHERE o.company_id = s.company_id AND o.state <> 'archived'
                          AND o.events && %(events)s::varchar[]))
)
SELECT id, state, failing_since, last_failure, state_reason, state_changed_at, given_up,
       extract(epoch FROM clock_timestamp())::float8,
       given_up > 0 AND (given_up_told_at IS NULL
                         OR given_up_told_at < clock_timestamp() - make_interval(secs => %(again)s))
  FROM judged
 WHERE state IS DISTINCT FROM coalesce(seen, 'well') OR tell_at <= clock_timestamp()
    OR (given_up > 0 AND (given_up_told_at IS NULL
                          OR given_up_told_at < clock_timestamp() - make_interval(secs => %(again)s)))
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What is the case with an endpoint, by the database's clock (`now`)."""

    pk: int
    state: str
    failing_since: datetime | None
    last_failure: str | None
    state_reason: str
    state_changed_at: datetime
    given_up: int | None
    now: float
    tells_given_up: bool | None


def tell() -> int:
    """Tell what is to be told; nothing while an outage of our own lasts. Returns of how many endpoints."""
    if ServiceOutage.objects.filter(ongoing=True).exists():
        return 0
    told = 0
    for pk in [look.pk for look in _look(limit=MOST_IN_A_SWEEP)]:
        try:
            told += _tell_one(pk)
        except Exception:  # whatever is wrong with this one, the others are told
            logger.exception("Could not tell what became of subscription %s; the next sweep tries again", pk)
    return told


def _look(*, limit: int, only: int | None = None) -> list[Look]:
    values: dict[str, Any] = {
        "tell": settings.ENDPOINT_TELL_SECONDS,
        "again": GIVEN_UP_EVERY_SECONDS,
        "events": list(ENDPOINT_EVENTS),
        "only": only,
        "limit": limit,
    }
    candidates = _CANDIDATES if only is None else "SELECT %(only)s::bigint"
    with connection.cursor() as cursor:
        cursor.execute(_LOOK.replace("<candidates>", candidates), values)
        return [Look(*row) for row in cursor.fetchall()]


def _tell_one(pk: int) -> int:
    """Decided under the lock of the row, by a look that was made after it was taken: whoever comes second finds
    nothing left to tell."""
    EndpointNews.objects.get_or_create(subscription_id=pk)
    with transaction.atomic():
        row = EndpointNews.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
        look = next(iter(_look(limit=1, only=pk)), None) if row is not None else None
        if row is None or look is None:
            return 0
        subscription = Subscription.objects.defer(*Subscription.ENCRYPTED).select_related("company").get(pk=pk)
        known, message = damping.decide(_known(row), look.state, look.now)
        since = look.failing_since if look.state == damping.FAILING else row.failing_since
        if message is not None:
            _publish(subscription, look, since, message)
        if look.tells_given_up:
            alert_messages.tell_given_up(subscription, look.given_up or 0, look.last_failure or "")
            row.given_up, row.given_up_told_at = 0, _moment(look.now)
        _keep(row, known, since)
    return 1 if message is not None or look.tells_given_up else 0


def _publish(subscription: Subscription, look: Look, since: datetime | None, message: damping.Message) -> None:
    disabled = message.state == damping.DISABLED
    delivery_news.publish(
        delivery_news.about(
            subscription,
            EVENTS[message.state],
            at=_moment(look.now),
            since=look.state_changed_at if disabled and since is None else since,
            reason=look.state_reason if disabled else look.last_failure or "",
            times_failed=max(1, message.failures),
        ),
        subscription,
        alert=alert_messages.ALERTS[message.state],
    )


def _known(row: EndpointNews) -> Known:
    return Known(
        told=row.told,
        seen=row.seen,
        changed_at=row.changed_at.timestamp() if row.untold or row.sent else 0.0,
        untold=row.untold,
        failures=row.failures,
        sent=row.sent,
        tell_at=row.tell_at.timestamp() if row.tell_at else None,
    )


def _keep(row: EndpointNews, known: Known, since: datetime | None) -> None:
    row.told, row.seen, row.untold, row.failures, row.sent = (
        known.told, known.seen, known.untold, known.failures, known.sent,
    )  # fmt: skip
    if known.changed_at:
        row.changed_at = _moment(known.changed_at)
    row.tell_at = _moment(known.tell_at) if known.tell_at is not None else None
    row.failing_since = since
    row.save()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
