"""The task that sends mails which people asked for. A lost one does no harm: the sweep sends them too."""

from __future__ import annotations

from django_q.tasks import async_task

from ..tenancy import mails
from .quiet import is_quiet

TASK = "subscriptions.worker.mails.work"


def work() -> None:
    if not is_quiet():
        mails.send_waiting()


def queue() -> None:
    """Send soon instead of within a minute."""
    async_task(TASK)
