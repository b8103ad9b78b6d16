"""Issues: from when an endpoint began to refuse everything until it accepts again, or somebody says that it is solved.

The sweep opens and solves them, by the same signs as it sends alerts: an issue is open for each endpoint of which
owners are told. Statements of several sweeps at once open one issue and no more: the partial unique index decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from ..models import EndpointIssue, ServiceOutage
from ..tenancy.audit_log import MOST_NAME, Actor
from .failing import IS_FAILING

MOST_AFFECTED = 10_000  # counted; pages show "more than" above
MOST_IN_LIST = 1_000  # counted for each row of a list, of those that are not solved
# A webhook that took longer to arrive was late. So long before the first failure one that failed may have been made.
LATE = timedelta(seconds=60)
# Failing again so soon is the same issue: whoever acknowledged it knows already.
SAME_ISSUE_SECONDS = 3600
OPENED_PER_SWEEP = 1000
SOLVED_PER_SWEEP = 500  # each counts what it affected
READ_ROWS = 20_000  # of a subscription's webhooks made meanwhile, the newest
READ_FOR_EACH = 5  # for each that a list may count: most were not left out by a filter, and there may be 100 in a list

STATES = {
    "open": Q(solved_at=None, acknowledged_at=None),
    "acknowledged": Q(solved_at=None, acknowledged_at__isnull=False),
    "solved": Q(solved_at__isnull=False),
}

# What arrived late or not at all until now: a solved one was counted when it was solved. No end is asked for, by which
# the planner would expect a ninth of the rows, and sort all instead of following the index to some.
_AFFECTED = """
       (SELECT count(*) FROM (
          SELECT FROM (
            SELECT d.state, d.attempts, d.created_at, d.finished_at FROM subscriptions_delivery d
             WHERE d.subscription_id = {issue}.subscription_id
               AND d.created_at >= {issue}.opened_at - make_interval(secs => %(late)s)
             ORDER BY d.created_at DESC, d.id DESC LIMIT %(read)s) d
           WHERE d.state <> 'cancelled'
             AND (d.state <> 'delivered' OR (d.finished_at >= {issue}.opened_at AND
                  (d.attempts > 1 OR d.finished_at > d.created_at + make_interval(secs => %(late)s))))
           LIMIT %(most)s) counted)
"""

# Along the indexes of what fails and of what is disabled, both short in a healthy installation.
_FAILING = f"""
failing AS (
    SELECT h.subscription_id AS id, h.failing_since AS since, h.last_failure_at AS last, h.last_failure AS answer
      FROM subscriptions_endpointhealth h JOIN subscriptions_subscription s ON s.id = h.subscription_id
     WHERE {IS_FAILING}
       AND s.state = 'active' AND NOT s.for_alerts  -- of which the page of the alert destination tells
     UNION ALL
    SELECT s.id, coalesce(h.failing_since, s.state_changed_at), s.state_changed_at,
           coalesce(nullif(h.last_failure, ''), s.state_reason)
      FROM subscriptions_subscription s LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = s.id
     WHERE s.state = 'disabled' AND NOT s.for_alerts
)
"""

_OPEN = f"""
WITH {_FAILING}, unknown AS MATERIALIZED (
    SELECT f.* FROM failing f
     WHERE NOT EXISTS (SELECT FROM subscriptions_endpointissue i WHERE i.subscription_id = f.id AND i.solved_at IS NULL)
), fresh AS (
    SELECT u.*, last_one.id AS last_id, last_one.solved_at, last_one.solved_how
      FROM unknown u
      LEFT JOIN LATERAL (SELECT i.id, i.solved_at, i.solved_how FROM subscriptions_endpointissue i
                          WHERE i.subscription_id = u.id ORDER BY i.opened_at DESC LIMIT 1) last_one ON true
     WHERE last_one.id IS NULL OR u.last > last_one.solved_at  -- it failed since somebody said that it was solved
     LIMIT %(some)s
), reopened AS (
    UPDATE subscriptions_endpointissue i
       SET solved_at = NULL, solved_how = '', again = i.again + 1, answer = left(fresh.answer, 300)
      FROM fresh
     WHERE i.id = fresh.last_id AND i.solved_how = 'delivered'
       AND fresh.solved_at > fresh.since - make_interval(secs => %(same)s)
    RETURNING i.id, i.subscription_id
), opened AS (
    INSERT INTO subscriptions_endpointissue
           (company_id, subscription_id, opened_at, answer, acknowledged_name, note, solved_how, solved_name)
    SELECT s.company_id, s.id, greatest(fresh.since, fresh.solved_at), left(fresh.answer, 300), '', '', '', ''
      FROM fresh JOIN subscriptions_subscription s ON s.id = fresh.id
     WHERE fresh.id NOT IN (SELECT subscription_id FROM reopened)
        ON CONFLICT (subscription_id) WHERE solved_at IS NULL DO NOTHING
    RETURNING id
)
SELECT id FROM reopened UNION ALL SELECT id FROM opened
"""

_SOLVE = f"""
WITH over AS (
    SELECT i.id, s.state, h.last_failure
      FROM subscriptions_endpointissue i JOIN subscriptions_subscription s ON s.id = i.subscription_id
      LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = i.subscription_id
     WHERE i.solved_at IS NULL
       AND (s.state = 'archived'
            OR (s.state <> 'disabled' AND h.failing_since IS NULL AND h.last_success_at > i.opened_at))
     ORDER BY i.id LIMIT %(some)s FOR UPDATE OF i SKIP LOCKED
)
UPDATE subscriptions_endpointissue i
   SET solved_at = clock_timestamp(), solved_how = CASE over.state WHEN 'archived' THEN 'removed' ELSE 'delivered' END,
       answer = coalesce(nullif(over.last_failure, ''), i.answer), affected = {_AFFECTED.format(issue="i")}
  FROM over WHERE i.id = over.id AND i.solved_at IS NULL
"""


_SOLVE_ONE = f"""
UPDATE subscriptions_endpointissue i
   SET solved_at = clock_timestamp(), solved_how = 'person', solved_name = %(name)s,
       affected = {_AFFECTED.format(issue="i")}
 WHERE i.id = %(id)s AND i.solved_at IS NULL
"""

_COUNT = f"""
SELECT i.id, {_AFFECTED.format(issue="i")} FROM subscriptions_endpointissue i WHERE i.id = ANY (%(ids)s)
"""


def follow() -> tuple[int, int]:
    """Solve what accepts again and open what fails: part of the sweep. Nothing is opened while an outage of our own
    lasts. Returns how many were opened and solved."""
    outage = ServiceOutage.objects.filter(ongoing=True).exists()
    with connection.cursor() as cursor:
        cursor.execute(_SOLVE, {"some": SOLVED_PER_SWEEP, **_counting()})
        solved = cursor.rowcount
        if outage:
            return 0, solved
        tell = settings.ENDPOINT_TELL_SECONDS
        cursor.execute(_OPEN, {"some": OPENED_PER_SWEEP, "tell": tell, "same": SAME_ISSUE_SECONDS})
        return len(cursor.fetchall()), solved


def count_affected(issues: Sequence[EndpointIssue], *, most: int = MOST_AFFECTED) -> dict[int, int]:
    """How many webhooks each issue affected, `most` + 1 at most: of a solved one as it was counted then."""
    found = {issue.pk: issue.affected for issue in issues if issue.solved_at is not None}
    unsolved = [issue.pk for issue in issues if issue.solved_at is None]
    if unsolved:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, {"ids": unsolved, **_counting(most)})
            found |= dict(cursor.fetchall())
    return found


def last_answer(issue: EndpointIssue) -> str:
    """What the receiver answered last, while the issue is open; then what it answered before it was solved."""
    health = getattr(issue.subscription, "health", None)
    live = health.last_failure if issue.solved_at is None and health is not None else ""
    return str(live or issue.answer)


def _counting(most: int = MOST_AFFECTED) -> dict[str, float]:
    return {"late": LATE.total_seconds(), "read": min(READ_ROWS, READ_FOR_EACH * most), "most": most + 1}


def acknowledge(issue: EndpointIssue, actor: Actor) -> bool:
    """Somebody looks after it: it is no longer among anybody's things to do. Who did first stays. Returns whether it
    was open until now."""
    mine = EndpointIssue.objects.filter(pk=issue.pk, solved_at=None, acknowledged_at=None).update(
        acknowledged_at=Now(), acknowledged_by=actor.user, acknowledged_name=actor.name[:MOST_NAME]
    )
    issue.refresh_from_db()
    return bool(mine)


def solve(issue: EndpointIssue, actor: Actor) -> bool:
    """A person says that it is solved. If the endpoint refuses another webhook, the sweep opens a new issue. Returns
    whether it was not solved until now."""
    with connection.cursor() as cursor:
        cursor.execute(_SOLVE_ONE, {"id": issue.pk, "name": actor.name[:MOST_NAME], **_counting()})
        mine = cursor.rowcount
    issue.refresh_from_db()
    return bool(mine)


def find_expired() -> QuerySet[EndpointIssue]:
    """For retention: solved ones go with the failed attempts that they tell of."""
    return EndpointIssue.objects.filter(solved_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS))


def watched() -> QuerySet[EndpointIssue]:
    """Open issues that somebody looks after."""
    return EndpointIssue.objects.filter(solved_at=None, acknowledged_at__isnull=False)
