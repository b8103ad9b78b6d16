"""The tasks that django-q2 runs. With `wakeup`, `schedules` and `cluster_hooks` all that knows it. No arguments, no
results: a task that runs twice, or never, changes no outcome."""

from __future__ import annotations

import logging
from functools import lru_cache, partial

from django.conf import settings
from django.db import DatabaseError

from callhooks_site.version import NAME, VERSION

from . import lifecycle, owners, resend_jobs, retention, timers, wakeup
from .delivery import outbox, slots
from .delivery.client import Client
from .delivery.drain import Drain
from .delivery.outbox import Claimed, Outcome
from .delivery.sending import attempt
from .encryption import decrypt

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 60.0  # with the longest request (30 s) below django-q2's timeout of 120 s
USER_AGENT = f"{NAME}/{VERSION}"


@lru_cache(maxsize=1)
def http_client() -> Client:
    """One for each process: its kept-alive connections and its TLS context are what makes sending cheap."""
    return Client(
        allowed_networks=settings.WEBHOOK_ALLOWED_NETWORKS,
        connect_timeout=settings.WEBHOOK_CONNECT_TIMEOUT,
        total_timeout=settings.WEBHOOK_TOTAL_TIMEOUT,
        per_host=settings.DELIVERY_PER_ENDPOINT,
    )


@lru_cache(maxsize=4096)
def _plain(stored: str) -> str:
    return decrypt(stored, keys=settings.FIELD_ENCRYPTION_KEYS)


def _send(claimed: Claimed, clock_offset: float) -> Outcome:
    return attempt(
        claimed,
        client=http_client(),
        decrypt=_plain,
        user_agent=USER_AGENT,
        clock_offset=clock_offset,
        retry_scale=settings.RETRY_TIME_SCALE,
    )


def drain() -> None:
    """Hold a slot and deliver for a minute; then hand over to a successor."""
    bell = slots.Bell()
    try:
        slot = bell.wait_for_slot(settings.DELIVERY_DRAINS, should_stop=lifecycle.stopping)
        if slot is None:
            return
        slots.slot_begun(slot)
        Drain(
            bell=bell,
            send=_send,
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
    timers.ring()
    resend_jobs.step()


def ensure_drains() -> None:
    """Queue a drain for every slot that has none. Cheap when all is well."""
    try:
        wakeup.queue_missing_drains()
    except DatabaseError:
        logger.warning("Could not look whether drains run; the schedule looks again within a minute.", exc_info=True)


def sweep() -> None:
    """The net below the wake-ups, once a minute: drains run, waiting times that are over are acted on, and nothing is
    pending for a subscription that takes nothing; hopeless endpoints are disabled and owners told."""
    ensure_drains()
    chores()
    outbox.hold_inactive()
    owners.disable_hopeless()
    owners.tell()


def tidy() -> None:
    """Retention, once an hour."""
    retention.tidy()
