"""Send past events to a subscription that did not get them: counted first, then as a job in the background.

Invariants
- A job is a `ResendJob` of the kind `past`: at a rate, with progress, cancellable, and waiting while its subscription
  is paused. Each step writes some deliveries and the place that it reached in one transaction.
- An event has one delivery for each subscription, so a second job sends nothing twice, unless it is asked to.
- It begins when all transactions are over that ran when it was started (`feed/horizon.py`): of the events before its
  end none appears behind its place.
- Events are taken in the order in which they happened, and lie in the lane of resends: new events do not wait for them.
- Nothing is skipped in silence: what is not sent is a cancelled delivery with its reason, or counted in the job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from ..endpoints import operations, resend_jobs
from ..events import catalogue
from ..feed import horizon
from ..lib.errors import ActionRefused
from ..models import Delivery, ResendJob, Subscription
from . import reading, walking, writing
from .dry_run import DryRun, alone, run_for_sending
from .judging import THERE, Outcome, Wish, judge_for_sending
from .reading import Asked, kept_since

# Events of one step. To judge, shape and write a thousand takes 0.4 s of the drain, and hosts get 100 a second.
MOST_PER_STEP = 250
BELONGS_TO_NOBODY = "This subscription belongs to another company."


def count(
    subscription: Subscription,
    *,
    since: datetime,
    until: datetime,
    events: Sequence[str] | None = None,
    source: Subscription | None = None,
    repeat: bool = False,
    as_stored: bool = False,
) -> DryRun:
    """What a job would do, by the newest events of it. Raises ActionRefused for one that cannot be started."""
    wish = _wish(subscription, events, source, until)
    asked = Asked(wish, max(since, kept_since()), until, source.pk if source else None, subscription.pk)
    return run_for_sending(asked, repeat=repeat, as_stored=as_stored)


def start(
    subscription: Subscription,
    *,
    since: datetime,
    until: datetime,
    events: Sequence[str] | None = None,
    source: Subscription | None = None,
    repeat: bool = False,
    as_stored: bool = False,
    per_second: int = resend_jobs.DEFAULT_PER_SECOND,
    requested_by: Any = None,
) -> ResendJob:
    """Raises ActionRefused when there is nothing to send, or nobody to send it to."""
    wish = _wish(subscription, events, source, until)
    with alone(subscription.company_id):
        since, until = max(since, kept_since()), min(until, resend_jobs.database_now())
        asked = Asked(wish, since, until, source.pk if source else None, subscription.pk)
        total = reading.count_all(asked)  # before anything is locked that others need
        if not total:
            raise ActionRefused("There are no events of these types in that time. Choose an earlier start.")
        resend_jobs.refuse_second(subscription)
        return ResendJob.objects.create(
            company_id=subscription.company_id,
            subscription=subscription,
            kind=ResendJob.Kind.PAST,
            since=since,
            until=until,
            events=list(wish.events),
            source=source,
            repeat=repeat,
            as_stored=as_stored,
            per_second=max(1, per_second),
            total=total,
            waits_for=horizon.mark(),
            requested_by=requested_by,
        )


def _wish(
    subscription: Subscription, events: Sequence[str] | None, source: Subscription | None, until: datetime
) -> Wish:
    if subscription.state != Subscription.State.ACTIVE:
        raise ActionRefused(operations.why_not_sent(subscription))
    if source is not None and source.company_id != subscription.company_id:
        raise ActionRefused(BELONGS_TO_NOBODY)
    if source is not None and source.pk == subscription.pk:
        raise ActionRefused("These are its own webhooks. Send them again with a resend instead.")
    wish = Wish.of(subscription)
    if events is not None:
        if missing := [name for name in events if name not in wish.events]:
            labels = ", ".join(catalogue.label(name) for name in missing)
            raise ActionRefused(f"This subscription does not ask for {labels}. Add it to its events first.")
        wish = replace(wish, events=[name for name in wish.events if name in events])
    if until <= (kept := kept_since()):
        raise ActionRefused(
            f"Events before {kept:%Y-%m-%d} are gone: this service keeps them for {settings.RETAIN_DELIVERED_DAYS} "
            "days. Choose a later end."
        )
    return wish


def step() -> int:
    """Let every running job send as many events as its rate allows. Returns how many were queued."""
    return resend_jobs.step_each(ResendJob.Kind.PAST, _step)


def _step(pk: int) -> int:
    with transaction.atomic():
        job = resend_jobs.lock(pk)
        if job is None or horizon.read().safe < (job.waits_for or 0):
            return 0
        pace = resend_jobs.Pace(job, most=MOST_PER_STEP)
        if not pace.rows:
            return 0
        asked = _asked(job)
        place_at = job.reached_at or job.since
        walked = walking.walk(asked, place_at, job.reached, pace.rows)
        if (fitting := reading.count_fitting(walked.events)) < len(walked.events):
            walked = walking.walk(asked, place_at, job.reached, fitting)
        done = _send(job, asked, walked.events)
        gone = job.gone + len(walked.events) - done.sent - done.filtered - done.had
        if walked.ended:  # what has expired since it was counted
            gone += max(0, job.total - job.looked_at - len(walked.events))
        ResendJob.objects.filter(pk=pk).update(
            reached_at=walked.place_at,
            reached=walked.place,
            sent=job.sent + done.sent,
            filtered=job.filtered + done.filtered,
            had=job.had + done.had,
            gone=gone,
            stepped_at=pace.stepped_at,
            **({"state": ResendJob.State.DONE, "finished_at": pace.now} if walked.ended else {}),
        )
    return done.sent


def _asked(job: ResendJob) -> Asked:
    """By what its subscription asks for now, of what the job was started for."""
    wish = Wish.of(job.subscription)
    wish = replace(wish, events=[name for name in wish.events if name in (job.events or [])])
    since = max(job.since, kept_since())
    return Asked(wish, since, job.until, job.source_id, job.subscription_id, shaped=job.subscription.shape is not None)


def _send(job: ResendJob, asked: Asked, ids: Sequence[Any]) -> writing.Done:
    judged = judge_for_sending(asked.wish, reading.tell(asked, ids), repeat=job.repeat, as_stored=job.as_stored)
    done = writing.write(job.subscription, judged)
    again = [one.event.id for one in judged if one.outcome == Outcome.GOES and one.event.delivery == THERE]
    rows = Delivery.objects.filter(subscription=job.subscription, event__in=again)
    resent = operations.resend(rows) if again else 0
    return done._replace(sent=done.sent + resent, had=done.had + len(again) - resent)
