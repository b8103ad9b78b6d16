"""What happens when django-q2 starts a worker."""

from __future__ import annotations

from typing import Any

from django_q.signals import post_spawn


def connect() -> None:
    post_spawn.connect(drains_for_new_worker, dispatch_uid="callhooks drains")


def drains_for_new_worker(**_: Any) -> None:
    """A fresh cluster delivers at once instead of when django-q2's scheduler first runs, half a minute later."""
    from . import tasks

    tasks.ensure_drains()
