"""What happens when django-q2 starts a worker, and when tasks pass its stations."""

from __future__ import annotations

from functools import partial
from typing import Any

from django_q.signals import post_execute, post_execute_in_worker, post_spawn, pre_execute

from . import pulse


def connect() -> None:
    post_spawn.connect(drains_for_new_worker, dispatch_uid="callhooks drains")
    for signal, organ in ((pre_execute, pulse.TAKEN), (post_execute_in_worker, pulse.FINISHED), (post_execute, pulse.RESULT)):
        signal.connect(partial(_beat, organ), weak=False, dispatch_uid="callhooks pulse")


def drains_for_new_worker(**_: Any) -> None:
    """A fresh cluster delivers at once instead of when django-q2's scheduler first runs, half a minute later."""
    from . import tasks

    tasks.ensure_drains()


def _beat(organ: int, **_: Any) -> None:
    pulse.beat(organ)
