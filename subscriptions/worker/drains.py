"""Queue drains as django-q2 tasks: one for every slot that has none, and a successor for each that ends."""

from __future__ import annotations

from django.conf import settings
from django_q.tasks import async_task

from ..delivery.slots import slots_to_queue, successor_queued

TASK = "subscriptions.worker.tasks.drain"
TIDY = "subscriptions.worker.tasks.tidy"


def queue_missing_drains() -> None:
    """Queue a drain for every slot that has none. Raises DatabaseError or InterfaceError without a database."""
    for _ in slots_to_queue(settings.DELIVERY_DRAINS):
        async_task(TASK)


def queue_successor(slot: int) -> None:
    """For a drain near its end: the next one already waits for the slot, which is never left empty."""
    successor_queued(slot)
    async_task(TASK)


def queue_tidy() -> None:
    """Another run of the retention, behind what is queued already."""
    async_task(TIDY)
