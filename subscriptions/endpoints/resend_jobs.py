"""Send many deliveries again in the background: counted beforehand, at a rate, with progress, and cancellable.

Invariants
- A job's progress is in its row. Each step queues some deliveries after the cursor and moves the cursor, in one
  transaction: after a restart the job continues where the last step ended.
- Drains take the steps as part of their housekeeping; the row's lock keeps two drains from taking the same one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Max, QuerySet, Window
from django.db.models.functions import Now, RowNumber

from ..lib.errors import ActionRefused
from ..models import Delivery, ResendJob, Subscription
from . import operations

logger = logging.getLogger(__name__)

# Pending ones are sent now instead of at their next try.
STATES = (*operations.RESENDABLE, Delivery.State.PENDING)
DEFAULT_STATES = (Delivery.State.FAILED,)
DEFAULT_PER_SECOND = 50
# After an interruption, a step catches up with at most this much, so that its transaction stays short.
LONGEST_STEP_SECONDS = 5.0
ROWS_PER_STEP = 1000
# Of a drain's turn: nothing is claimed or recorded meanwhile, for nobody. A step may take longer; no other follows it.
LONGEST_TURN_SECONDS = 0.2


def find_matching(
    subscription: Subscription, *, since: datetime, until: datetime, states: Sequence[str] = DEFAULT_STATES
) -> QuerySet[Delivery]:
    """The deliveries that a job for this period would send again, to count them before starting one."""
    return Delivery.objects.filter(
        subscription=subscription, created_at__gte=since, created_at__lt=until, state__in=states
    )


def start(
    subscription: Subscription,
    *,
    since: datetime,
    until: datetime,
    states: Sequence[str] = DEFAULT_STATES,
    per_second: int = DEFAULT_PER_SECOND,
    requested_by: Any = None,
) -> ResendJob:
    """Start a job. Raises ActionRefused when there is nothing to send."""
    if subscription.state != Subscription.State.ACTIVE:
        raise ActionRefused(operations.why_not_sent(subscription))
    unknown = set(states) - set(STATES)
    if unknown or not states:
        raise ActionRefused(f"Deliveries in these states cannot be sent again: {', '.join(sorted(unknown))}.")
    total = find_matching(subscription, since=since, until=until, states=states).count()  # before anything is locked
    if not total:
        raise ActionRefused("There is nothing to send again in that time.")
    with transaction.atomic():
        refuse_second(subscription)
        return ResendJob.objects.create(
            company_id=subscription.company_id,
            subscription=subscription,
            since=since,
            until=until,
            states=list(states),
            per_second=max(1, per_second),
            total=total,
            requested_by=requested_by,
        )


def refuse_second(subscription: Subscription) -> None:
    """Locks the subscription, but not for those who write deliveries of new events for it. Raises ActionRefused while a
    job of it is running, of either kind."""
    Subscription.objects.select_for_update(no_key=True).get(pk=subscription.pk)
    if ResendJob.objects.filter(subscription=subscription, state=ResendJob.State.RUNNING).exists():
        raise ActionRefused("A resend for this subscription is running already. Wait for it or cancel it.")


def cancel(job: ResendJob) -> None:
    """Stop a running job. Deliveries that it has already queued are still sent."""
    ResendJob.objects.filter(pk=job.pk, state=ResendJob.State.RUNNING).update(
        state=ResendJob.State.CANCELLED, finished_at=Now()
    )
    job.refresh_from_db()


def step() -> int:
    """Let every running job queue as many deliveries as its rate allows since its last step. Returns how many were
    queued. A job that fails is logged and stopped, so that it does not hold up others."""
    return step_each(ResendJob.Kind.AGAIN, _step)


def step_each(kind: ResendJob.Kind, take: Callable[[int], int]) -> int:
    """Let running jobs of this kind take a step, as many as have time; the others are first next time. `take` gets a
    job's key."""
    sent = 0
    ends_at = time.monotonic() + LONGEST_TURN_SECONDS
    for pk in _in_turn(kind):
        try:
            sent += take(pk)
        except (OperationalError, InterfaceError):
            raise  # a database problem: all jobs continue with the next step
        except Exception:
            logger.exception("Resend %s was stopped: it cannot go on", pk)
            ResendJob.objects.filter(pk=pk).update(state=ResendJob.State.CANCELLED, finished_at=Now())
        if time.monotonic() > ends_at:
            break
    return sent


def _in_turn(kind: ResendJob.Kind) -> list[int]:
    """One of each company, then a second one, and so on; companies first whose last step was longest ago."""
    own = Window(RowNumber(), partition_by="company", order_by=[F("stepped_at").asc(nulls_first=True), "pk"])
    last = Window(Max("stepped_at"), partition_by="company")
    running = ResendJob.objects.filter(
        state=ResendJob.State.RUNNING, kind=kind, subscription__state=Subscription.State.ACTIVE
    )
    ordered = running.annotate(own=own, last=last).order_by("own", F("last").asc(nulls_first=True), "pk")
    return list(ordered.values_list("pk", flat=True))


def lock(pk: int) -> ResendJob | None:
    """The job, for a step; None if another drain is doing it, or its subscription is paused."""
    rows = ResendJob.objects.select_for_update(skip_locked=True, of=("self",)).select_related("subscription__company")
    job = rows.filter(pk=pk, state=ResendJob.State.RUNNING).first()
    return job if job is not None and job.subscription.state == Subscription.State.ACTIVE else None


class Pace:
    """How many `rows` a step of this job may do `now`, `most` at most."""

    def __init__(self, job: ResendJob, *, most: int = ROWS_PER_STEP) -> None:
        self._job = job
        self.now = database_now()
        passed = (self.now - job.stepped_at).total_seconds() if job.stepped_at else 1.0
        self._seconds = min(LONGEST_STEP_SECONDS, passed)
        self.rows = min(most, int(job.per_second * self._seconds))

    @property
    def stepped_at(self) -> datetime:
        """Keeps what rounding leaves over: advances the clock only by the time that was used."""
        return self.now - timedelta(seconds=max(0.0, self._seconds - self.rows / self._job.per_second))


def _step(pk: int) -> int:
    with transaction.atomic():
        job = lock(pk)
        if job is None:
            return 0
        pace = Pace(job)
        rows = pace.rows
        if not rows:
            return 0
        ids = list(
            find_matching(job.subscription, since=job.since, until=job.until, states=job.states)
            .filter(pk__gt=job.cursor)
            .order_by("pk")
            .values_list("pk", flat=True)[:rows]
        )
        chosen = Delivery.objects.filter(pk__in=ids)
        sent = 0
        if ids and Delivery.State.PENDING in job.states:
            sent += operations.send_now(chosen)  # before what is sent again here waits too
        if ids:
            sent += operations.resend(chosen)
        done = len(ids) < rows
        ResendJob.objects.filter(pk=pk).update(
            cursor=ids[-1] if ids else job.cursor,
            sent=job.sent + sent,
            stepped_at=pace.stepped_at,
            **({"state": ResendJob.State.DONE, "finished_at": pace.now} if done else {}),
        )
    return sent


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now
