"""How each subscription of a company is doing now, read in a few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from ...delivery import retry
from ...maintenance import statistics
from ...maintenance.statistics import Hours, Statistics
from ...models import EndpointIssue, ServiceOutage, Subscription
from .. import backlog
from ..day_statistics import arrived_part
from ..kit import labels

MOST = 1_000  # subscriptions of a company; SUBSCRIPTIONS_PER_COMPANY is 100 unless an operator raises it
LATE = timedelta(seconds=60)  # something waits longer than it should
DAY = 24  # hours

# Of each subscription's newest deliveries the first that has had an answer.
_LAST_ANSWERS = """
SELECT s.id, answered.status_code, answered.duration_ms
  FROM unnest(%s::bigint[]) AS s (id)
 CROSS JOIN LATERAL (
    SELECT a.status_code, a.duration_ms
      FROM (SELECT d.id, d.attempts, d.created_at FROM subscriptions_delivery d
             WHERE d.subscription_id = s.id ORDER BY d.created_at DESC, d.id DESC LIMIT 20) newest
      JOIN subscriptions_attempt a ON a.delivery_id = newest.id AND a.number = newest.attempts
     WHERE a.outcome = 'delivered'
     ORDER BY newest.created_at DESC, newest.id DESC LIMIT 1) answered
"""


@dataclass(frozen=True)
class Look:
    """`failing_since`: it has refused everything since then. `waiting`: webhooks that it has not accepted yet."""

    pk: int
    name: str
    state: str = "active"
    reason: str = ""  # why it is disabled
    failing_since: datetime | None = None
    why: str = ""
    waiting: int = 0
    late: timedelta = timedelta(0)
    hours: Hours = field(default_factory=dict)
    issue: EndpointIssue | None = None  # the open one
    last_status: int | None = None
    last_ms: int | None = None
    tried_for: timedelta = timedelta(seconds=retry.tried_for(retry.STANDARD))

    @property
    def watched_by(self) -> str:
        """Who acknowledged its issue."""
        return self.issue.acknowledged_name if self.issue is not None else ""

    @property
    def active(self) -> bool:
        return self.state == "active"

    def is_failing(self, now: datetime) -> bool:
        """For longer than a hiccup."""
        tell = timedelta(seconds=settings.ENDPOINT_TELL_SECONDS)
        return self.active and self.failing_since is not None and now - self.failing_since > tell

    @property
    def day(self) -> Statistics:
        return statistics.sum_up(self.hours)

    def arrived_part(self) -> float | None:
        """Of the webhooks of the last day, 0 to 1. What it refuses and is tried again has not arrived."""
        return arrived_part(self.day, refuses=self.failing_since is not None, waiting=self.waiting)


@dataclass(frozen=True)
class Overview:
    now: datetime
    looks: Sequence[Look]
    removed: bool = False  # there were subscriptions once
    held: int = 0
    failed: int = 0  # and can be sent again
    outage_since: datetime | None = None
    outage: str = ""
    day: Statistics = field(default_factory=Statistics)

    @property
    def waiting(self) -> int:
        return sum(look.waiting for look in self.looks)


def read_overview(company: int) -> Overview:
    rows = Subscription.objects.filter(company=company).exclude(state=Subscription.State.ARCHIVED)
    rows = rows.select_related("health").defer(*Subscription.ENCRYPTED).order_by("name", "pk")
    subscriptions = list(rows[:MOST])
    ids = [row.pk for row in subscriptions]
    hours = statistics.read_for_subscriptions(ids, hours=DAY)
    waits = {one.subscription_id: one for one in backlog.measure([company]).waiting}
    unsent = backlog.count_unsent([company])
    answers = _last_answers(ids)
    issues = {one.subscription_id: one for one in EndpointIssue.objects.filter(company=company, solved_at=None)}
    outage = ServiceOutage.objects.filter(ongoing=True).first()
    looks = [_look(row, hours, waits, answers, issues.get(row.pk)) for row in subscriptions]
    return Overview(
        timezone.now(),
        looks,
        not looks and Subscription.objects.filter(company=company).exists(),
        unsent["held"],
        unsent["failed"],
        outage.began_at if outage else None,
        outage.errors if outage else "",
        _sum(hours.values()),
    )


def _look(
    row: Subscription,
    hours: Mapping[int, Hours],
    waits: Mapping[int, backlog.Waiting],
    answers: Mapping[int, tuple[int | None, int | None]],
    issue: EndpointIssue | None,
) -> Look:
    health, waiting = getattr(row, "health", None), waits.get(row.pk)
    status, took = answers.get(row.pk, (None, None))
    return Look(
        row.pk,
        row.name,
        row.state,
        row.state_reason,
        health.failing_since if health else None,
        labels.answer_in_words(health.last_failure) if health else "",
        waiting.rows if waiting else 0,
        timedelta(seconds=max(0.0, waiting.late)) if waiting else timedelta(0),
        hours.get(row.pk, {}),
        issue,
        status,
        took,
        timedelta(seconds=retry.tried_for(row.retry_policy)),
    )


def _last_answers(ids: list[int]) -> dict[int, tuple[int | None, int | None]]:
    with connection.cursor() as cursor:
        cursor.execute(_LAST_ANSWERS, [ids])
        return {pk: (status, took) for pk, status, took in cursor.fetchall()}


def _sum(hours: Iterable[Hours]) -> Statistics:
    whole = Statistics()
    for one in hours:
        whole.add(statistics.sum_up(one))
    return whole
