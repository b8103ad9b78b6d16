"""The tasks that django-q2 runs. They take no arguments and return nothing: running one twice, or never, changes no
outcome."""

from __future__ import annotations

import logging
import time
from functools import lru_cache, partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from ..counters import writing
from ..delivery import forwarding, outages, outbox, slots, webhook_client
from ..delivery.drain import Drain
from ..delivery.fairness import Hosts, Paces
from ..endpoints import alerts, delivery_news, endpoint_changes, issues, operations, resend_jobs
from ..events import stream_timers
from ..feed import horizon
from ..feed.manifests import daily
from ..maintenance import daily_summary, retention, statistics
from ..past import jobs as past_jobs
from ..tenancy import mails
from . import drains, heartbeat, stop_flag
from .quiet import is_quiet

logger = logging.getLogger(__name__)

# Both and the longest request (30 s) together stay below django-q2's timeout (120 s).
DRAIN_SECONDS = 60.0
SUCCESSOR_SECONDS = 20.0  # longer than requests usually run out, which makes a worker free
MANIFEST_SECONDS = 15.0  # the same; a subscription with a million events takes longer, alone
HOLDING_SECONDS = 20.0  # at most, of a sweep that runs every minute


# One query for all six, each part answered by a partial index: an idle drain runs it every second. Of times it reads
# the earliest: asked whether one is before now, the planner guesses that a third of all rows are, and reads the table
# until it finds one. That was a second of CPU each second with a million endpoints or calls.
_HOUSEKEEPING = """
SELECT coalesce((SELECT wake_at FROM subscriptions_eventstream
                  WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1) <= clock_timestamp(), false),
       EXISTS (SELECT FROM subscriptions_resendjob WHERE state = 'running'),
       EXISTS (SELECT FROM subscriptions_subscription WHERE releasing),
       coalesce((SELECT forward_at FROM subscriptions_endpointhealth
                  WHERE forward_at IS NOT NULL ORDER BY forward_at LIMIT 1) <= clock_timestamp(), false),
       EXISTS (SELECT FROM subscriptions_serviceoutage WHERE ongoing),
       EXISTS (SELECT FROM subscriptions_givenupdelivery)
"""


def drain() -> None:
    """Hold a slot and deliver for a minute; then hand over to a successor."""
    if is_quiet():
        return
    slot_connection = slots.SlotConnection(settings.WAKEUP_URL)
    try:
        slot = slot_connection.wait_for_slot(settings.DELIVERY_DRAINS, should_stop=stop_flag.stopping)
        if slot is None:
            return
        slots.slot_begun(slot)
        Drain(
            slot=slot_connection,
            loop=webhook_client.network_loop(),
            sending=webhook_client.sending(),
            in_flight=settings.DELIVERY_IN_FLIGHT,
            paces=_paces(),
            hosts=_hosts(),
            longest_request=settings.WEBHOOK_TOTAL_TIMEOUT,
            lease=settings.DELIVERY_LEASE_SECONDS,
            time_scale=settings.RETRY_TIME_SCALE,
            budget=DRAIN_SECONDS,
            successor_seconds=SUCCESSOR_SECONDS,
            should_stop=stop_flag.stopping,
            housekeeping=run_housekeeping,
            before_end=partial(drains.queue_successor, slot),
        ).run()
    finally:
        slot_connection.close()
    if not stop_flag.stopping():
        ensure_drains()


# What was learnt of endpoints and used of hosts outlives a drain, with the connections to them.
@lru_cache(maxsize=1)
def _paces() -> Paces:
    return Paces(settings.DELIVERY_PER_ENDPOINT)


@lru_cache(maxsize=1)
def _hosts() -> Hosts:
    """This drain's part of what a company may send to one host."""
    drains: int = settings.DELIVERY_DRAINS
    in_flight: int = settings.DELIVERY_HOST_IN_FLIGHT
    return Hosts(-(-in_flight // drains), settings.DELIVERY_HOST_RATE / drains)


def run_housekeeping() -> None:
    """What a drain does about once a second, beside delivering."""
    writing.write_seldom()
    heartbeat.record(heartbeat.TAKEN)  # while drains occupy every worker, no other task is taken
    with connection.cursor() as cursor:
        cursor.execute(_HOUSEKEEPING)
        waits_are_over, resending, releasing, forwarding_due, outage, given_up = cursor.fetchone()
    if waits_are_over:
        stream_timers.publish_due()
    if resending:
        resend_jobs.step()
        past_jobs.step()
    outages.follow(outage)
    if forwarding_due and not outage:
        forwarding.step()
    if releasing:
        operations.go_on_resuming()
        outbox.release()
    if given_up:
        delivery_news.publish_given_up()


def ensure_drains() -> None:
    """Queue a drain for every slot that has none. Cheap when all is well."""
    try:
        drains.queue_missing_drains()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("Could not check whether drains run; the broker checks again in a few seconds: %s", error)


def sweep() -> None:
    """Once a minute, in case a wake-up was lost: start missing drains, publish what is due, hold the deliveries of
    inactive subscriptions, disable endpoints that only fail, open and solve issues, send alerts, count statistics.
    On a quiet copy only what tells nobody."""
    ensure_drains()
    if is_quiet():
        stream_timers.publish_due()
        _hold_waiting()
        statistics.roll_up()
        horizon.follow()
        return
    run_housekeeping()
    _hold_waiting()
    outbox.note_released()
    alerts.disable_hopeless()
    issues.follow()
    alerts.tell()
    endpoint_changes.tell()
    statistics.roll_up()
    horizon.follow()
    _make_manifests()
    daily_summary.send_due()
    mails.send_waiting()


def _hold_waiting() -> None:
    """Hold all that is left, or as much as HOLDING_SECONDS allow; the next sweep does the rest."""
    ends_at = time.monotonic() + HOLDING_SECONDS
    while outbox.hold() and time.monotonic() < ends_at and not stop_flag.stopping():
        pass


def _make_manifests() -> None:
    ends_at = time.monotonic() + MANIFEST_SECONDS
    daily.make_some(lambda: time.monotonic() < ends_at and not stop_flag.stopping())


def tidy() -> None:
    """Delete expired rows, once an hour, and on while some are left: each run is a task of its own, so that others,
    such as the sweep, come between. A quiet copy keeps all: it may have been made to look something up."""
    if is_quiet():
        return
    if retention.delete_some() and not stop_flag.stopping():
        drains.queue_tidy()


def heartbeat_task() -> None:
    """Does nothing: that a worker takes and finishes it is the heartbeat (`broker`)."""
