"""The tasks that django-q2 runs. With `wakeup`, `schedules` and `cluster_hooks` all that knows it. No arguments, no
results: a task that runs twice, or never, changes no outcome."""

from __future__ import annotations

import logging
import time
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from . import figures, lifecycle, operations, owners, pulse, resend_jobs, retention, sender, timers, wakeup
from .delivery import outbox, slots
from .delivery.drain import Drain

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 60.0  # with the longest request (30 s) below django-q2's timeout of 120 s
HOLDING_SECONDS = 20.0  # of a sweep; the rest of its minute is for the others


# One question for all of them, each answered by a partial index: an idle drain asks it every second.
_CHORES = """
SELECT EXISTS (SELECT FROM subscriptions_eventstream WHERE wake_at <= clock_timestamp()),
       EXISTS (SELECT FROM subscriptions_resendjob WHERE state = 'running'),
       EXISTS (SELECT FROM subscriptions_subscription WHERE releasing)
"""


def drain() -> None:
    """Hold a slot and deliver for a minute; then hand over to a successor."""
    bell = slots.Bell(settings.WAKEUP_URL)
    try:
        slot = bell.wait_for_slot(settings.DELIVERY_DRAINS, should_stop=lifecycle.stopping)
        if slot is None:
            return
        slots.slot_begun(slot)
        Drain(
            bell=bell,
            send=sender.send,
            threads=settings.DELIVERY_THREADS,
            per_endpoint=settings.DELIVERY_PER_ENDPOINT,
            longest_request=settings.WEBHOOK_TOTAL_TIMEOUT,
            lease=settings.DELIVERY_LEASE_SECONDS,
            time_scale=settings.RETRY_TIME_SCALE,
            budget=DRAIN_SECONDS,
            should_stop=lifecycle.stopping,
            chores=chores,
            before_end=partial(wakeup.queue_successor, slot),
        ).run()
    finally:
        bell.close()
    if not lifecycle.stopping():
        ensure_drains()


def chores() -> None:
    """What a drain does about once a second beside delivering."""
    pulse.beat(pulse.TAKEN)  # it may have every worker's place for a minute: then no other task is taken
    with connection.cursor() as cursor:
        cursor.execute(_CHORES)
        waiting_is_over, resending, releasing = cursor.fetchone()
    if waiting_is_over:
        timers.ring()
    if resending:
        resend_jobs.step()
    if releasing:
        operations.go_on_resuming()
        outbox.release()


def ensure_drains() -> None:
    """Queue a drain for every slot that has none. Cheap when all is well."""
    try:
        wakeup.queue_missing_drains()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("Could not look whether drains run; the queue's pusher looks again in a few seconds: %s", error)


def sweep() -> None:
    """The net below the wake-ups, once a minute: drains run, waiting times that are over are acted on, and nothing is
    pending for a subscription that takes nothing; hopeless endpoints are disabled and owners told."""
    ensure_drains()
    chores()
    _hold_what_waits()
    outbox.note_released()
    owners.disable_hopeless()
    owners.tell()
    figures.roll_up()


def _hold_what_waits() -> None:
    """All of it, unless there is so much that the next sweep has to go on."""
    ends_at = time.monotonic() + HOLDING_SECONDS
    while outbox.hold() and time.monotonic() < ends_at and not lifecycle.stopping():
        pass


def tidy() -> None:
    """Retention, once an hour."""
    retention.tidy()


def felt() -> None:
    """The pulse (`broker`): that a worker takes and finishes it is all there is to it."""
