"""The daily summary: what arrived yesterday and what did not, of a company or of some of its subscriptions.

It reads the statistics by hour, never the deliveries. A day with nothing to tell, no webhook and nothing that fails, is
no message. Each destination's turn is taken under the lock of its row and noted in the same transaction, so one day is
told once, however many sweeps run. Time zones that are off by half an hour get whole hours all the same.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from ..endpoints import alert_messages, summary_times
from ..events.delivery_events import ALERT_SUMMARY
from ..lib.chat import Fact, Link, Message
from ..models import AlertDestination, Company

logger = logging.getLogger(__name__)

SECONDS_OF_A_SWEEP = 15.0
MOST_NAMED = 8  # subscriptions in a message; the webhook's body has more
MOST_TOLD = 50

# Of each subscription that had attempts that day, or that fails now.
_DAY = """
WITH figures AS (
    SELECT subscription_id AS id, sum(delivered)::int AS delivered, sum(failed)::int AS failed,
           sum(retried)::int AS retried
      FROM subscriptions_hourlyfigures WHERE company_id = %(company)s AND hour >= %(since)s AND hour < %(until)s
     GROUP BY subscription_id
)
SELECT s.resource_id, s.name, coalesce(f.delivered, 0), coalesce(f.failed, 0), coalesce(f.retried, 0), s.state,
       CASE WHEN s.state = 'active' THEN h.failing_since END, coalesce(h.last_failure, '')
  FROM subscriptions_subscription s
  LEFT JOIN figures f ON f.id = s.id
  LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = s.id
 WHERE s.company_id = %(company)s AND NOT s.for_alerts AND s.state <> 'archived'
   AND (%(only)s::bigint[] = '{}' OR s.id = ANY (%(only)s::bigint[]))
   AND (f.id IS NOT NULL
        -- One that was given up long ago is no news.
        OR (s.state = 'disabled' AND s.state_changed_at > clock_timestamp() - interval '7 days')
        OR h.failing_since < clock_timestamp() - make_interval(secs => %(tell)s))
 ORDER BY coalesce(f.failed, 0) DESC, s.name
"""

# What other apps tell of a day, such as how many calls came in; "" for nothing.
Line = Callable[[Company, date], str]
_lines: list[Line] = []


def add_line(line: Line) -> None:
    _lines.append(line)


@dataclass(frozen=True, slots=True)
class Day:
    """One subscription's day, and how it is now."""

    resource_id: str
    name: str
    delivered: int
    failed: int
    retried: int
    state: str
    failing_since: datetime | None
    last_failure: str


def send_due(*, seconds: float = SECONDS_OF_A_SWEEP) -> int:
    """Send the summaries that are due. Returns how many destinations had their turn."""
    ends_at, turns = time.monotonic() + seconds, 0
    while time.monotonic() < ends_at and _send_next():
        turns += 1
    return turns


def _send_next() -> bool:
    with transaction.atomic():
        due = AlertDestination.objects.filter(summary_due_at__lte=Now())
        row = (
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("company", "endpoint")
            .order_by("summary_due_at")
            .first()
        )
        if row is None:
            return False
        now = summary_times.database_time()
        row.summary_due_at = summary_times.next_due(row, now)
        yesterday = now.astimezone(ZoneInfo(row.company.time_zone)).date() - timedelta(days=1)
        if row.summary_due_at is not None and (row.summary_of is None or row.summary_of < yesterday):
            row.summary_of = yesterday
            try:
                with transaction.atomic():
                    _send(row, yesterday)
            except Exception:  # whatever is wrong with this one, the others have their turn
                logger.exception("Could not write the daily summary for %s", row.resource_id)
        row.save(update_fields=["summary_due_at", "summary_of"])
    return True


def _send(row: AlertDestination, day: date) -> None:
    if row.member is not None and not row.member.user.is_active:
        return
    days = read(row.company, day, list(row.subscriptions.values_list("pk", flat=True)))
    if not days:
        return
    lines = [words for line in _lines if (words := line(row.company, day))]
    facts: dict[str, Any] = {
        "day": day.isoformat(),
        "delivered": sum(one.delivered for one in days),
        "failed": sum(one.failed for one in days),
        "retried": sum(one.retried for one in days),
        "subscriptions": [_as_json(one) for one in days[:MOST_TOLD]],
    }
    message = build_message(row.company, day, days, lines)
    alert_messages.publish(row.company, ALERT_SUMMARY, "", facts, message, only=row)


def read(company: Company, day: date, only: list[int]) -> list[Day]:
    zone = ZoneInfo(company.time_zone)
    since, until = (datetime.combine(day + timedelta(days=add), clock(), zone) for add in (0, 1))
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"company": company.pk, "since": since, "until": until, "only": only}
        cursor.execute(_DAY, {**values, "tell": settings.ENDPOINT_TELL_SECONDS})
        return [Day(*row) for row in cursor.fetchall()]


def build_message(company: Company, day: date, days: list[Day], lines: list[str]) -> Message:
    delivered, failed = sum(one.delivered for one in days), sum(one.failed for one in days)
    number = "1 webhook" if delivered == 1 else f"{delivered:,} webhooks"
    share = f"{number} arrived."
    if failed:
        share = f"{number} arrived, we stopped trying {failed:,}: {percent(delivered, failed)} arrived."
    troubled = [one for one in days if one.failed or one.failing_since or one.state == "disabled"]
    facts = [Fact(one.name, _trouble(one, company.time_zone)) for one in troubled[:MOST_NAMED]]
    if len(troubled) > MOST_NAMED:
        facts.append(Fact("And", f"{len(troubled) - MOST_NAMED} more subscriptions"))
    if not troubled:
        lines = [*lines, "Every subscription is well."]
    title = f"{company.name}, {day:%A} {day.day} {day:%B}"
    return Message(title, [share, *lines], facts, [Link("Open Callhooks", alert_messages.home_link())])


def percent(delivered: int, failed: int) -> str:
    """Rounded down: never 100 % while something was given up."""
    return f"{math.floor(1000 * delivered / (delivered + failed)) / 10:g} %"


def _trouble(one: Day, time_zone: str) -> str:
    parts = [f"we stopped trying {one.failed:,}"] if one.failed else []
    if one.state == "disabled":
        parts.append("disabled")
    elif one.failing_since is not None:
        parts.append(f"failing since {alert_messages.in_words(one.failing_since, time_zone)}: {one.last_failure}")
    return "; ".join(parts)


def _as_json(one: Day) -> dict[str, Any]:
    return {
        "subscription": one.resource_id,
        "name": one.name,
        "delivered": one.delivered,
        "failed": one.failed,
        "retried": one.retried,
        "state": one.state,
        "failing_since": one.failing_since.isoformat() if one.failing_since else None,
    }
