"""Writes what a drain did: outcomes in batches, what was not sent back to where it came from.

Invariants
- Nothing is forgotten before it is written: losing the database loses no outcome while the process lives.
- One outcome that cannot be written, of an answer nobody foresaw or of a row that was deleted by hand, keeps no other
  from being written, and does not have its delivery sent for ever.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.db import DatabaseError

from ..counters import known
from ..tracing import spans
from . import outbox
from .database import DATABASE_LOST
from .outbox import Claimed, Finished, Outcome

logger = logging.getLogger(__name__)

ENOUGH = 200  # outcomes that are written at once: a bigger batch is no cheaper per row
UNWRITABLE: dict[str, Any] = {
    "reason": "The answer could not be stored.",
    "message": "The answer could not be stored.",
    "response_headers": [],
    "response_body": b"",
    "error": "",
}


class Recorder:
    """`written` is told of each batch once it is in the database, and whether it made an endpoint ready; `handed_back`
    of what went back unsent."""

    def __init__(
        self, *, written: Callable[[Sequence[Outcome], bool], None], handed_back: Callable[[Sequence[Claimed]], None]
    ) -> None:
        self._written = written
        self._handed_back = handed_back
        self._outcomes: list[Outcome] = []
        self._unsent: list[Claimed] = []
        self.recorded = 0

    def add(self, outcomes: Sequence[Outcome], unsent: Sequence[Claimed]) -> None:
        self._outcomes += outcomes
        self._unsent += unsent

    def flush(self, at_once: int = ENOUGH) -> bool:
        """Write some; whether there are more."""
        if self._outcomes:
            batch = self._outcomes[: min(at_once, ENOUGH)]
            finished = self._finish(batch)
            _count(batch)
            _log(batch)
            if spans.on:
                spans.note_attempts(_attempted(outcome) for outcome in batch)
            if lost := len(batch) - len(finished.ids):
                known.LEASES_LOST.add(by=lost)
                logger.warning(
                    "%d leases had ended, or their deliveries were gone, before their outcome was recorded.", lost
                )
            if followed := [outcome.claimed.id for outcome in batch if outcome.claimed.ordered]:
                outbox.follow(followed)
            del self._outcomes[: len(batch)]
            self.recorded += len(batch)
            self._written(batch, finished.ready)
        if self._unsent:
            outbox.hand_back(self._unsent)
            known.HANDED_BACK.add(by=len(self._unsent))
            unsent, self._unsent = self._unsent, []
            self._handed_back(unsent)
        return bool(self._outcomes)

    def _finish(self, batch: list[Outcome]) -> Finished:
        try:
            return outbox.finish(batch)
        except DATABASE_LOST:
            raise
        except DatabaseError:
            logger.exception("An outcome cannot be written; each of the batch is tried alone")
        alone = [self._finish_alone(outcome) for outcome in batch]
        return Finished(set().union(*(one.ids for one in alone)), any(one.ready for one in alone))

    def _finish_alone(self, outcome: Outcome) -> Finished:
        for attempt in (outcome, replace(outcome, **UNWRITABLE)):
            try:
                return outbox.finish([attempt])
            except DATABASE_LOST:
                raise
            except DatabaseError:
                logger.warning(
                    "The outcome of delivery %s cannot be written",
                    outcome.claimed.id,
                    exc_info=True,
                    extra=outcome.claimed.ids(),
                )
        return Finished(set(), False)


# What became of a delivery, as monitoring says it.
_OUTCOMES = {"delivered": "delivered", "pending": "retried", "failed": "given_up"}


def _count(batch: Sequence[Outcome]) -> None:
    """For /metrics. Several events that went in one request are one request, and each has its own delivery."""
    for (state, cause), number in Counter((one.state, _cause(one)) for one in batch).items():
        known.ATTEMPTS.add(_OUTCOMES[state], cause, by=number)
    known.ATTEMPT_SECONDS.observe(*(one.duration_ms / 1000 for one in batch if one.claimed.leads))
    known.DELIVERY_SECONDS.observe(
        *(
            one.claimed.age + one.started_at - one.claimed.database_time + one.duration_ms / 1000
            for one in batch
            if one.state == "delivered" and not one.claimed.round_began_after
        )
    )


def _log(batch: Sequence[Outcome]) -> None:
    """What was given up; each attempt only for who looks for a fault (LOG_LEVEL=DEBUG)."""
    every = logger.isEnabledFor(logging.DEBUG)
    for one in batch:
        if one.state == "failed" or every:
            about = one.claimed.ids() | {"outcome": _OUTCOMES[one.state], "cause": _cause(one)}
            level = logging.INFO if one.state == "failed" else logging.DEBUG
            words = f"{about['outcome']}: {one.reason}" if one.reason else about["outcome"]
            logger.log(level, "Delivery %s of %s: %s", one.claimed.id, about["event"], words, extra=about)


def _attempted(outcome: Outcome) -> spans.Attempted:
    job = outcome.claimed
    lead = None if job.leads else next(part for part in job.parts() if part.leads)
    return spans.Attempted(
        job.event_id,
        job.event_type,
        job.company_shown,
        job.endpoint,
        job.id,
        job.attempt,
        job.database_time,
        outcome.started_at,
        outcome.duration_ms / 1000,
        _OUTCOMES[outcome.state],
        outcome.status_code,
        outcome.error,
        (lead.event_id, lead.id, lead.attempt) if lead else None,
    )


def _cause(outcome: Outcome) -> str:
    """The class of the answer, `2xx`, or the code of the error."""
    return outcome.error or f"{min(outcome.status_code or 0, 999) // 100}xx"
