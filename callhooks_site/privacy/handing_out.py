"""The answer that hands a person's data out. A web process makes few of them at once: each holds one of its threads for
as long as the person has data, and the client takes to read it."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, StreamingHttpResponse

from subscriptions.feed.waiting import limit_writes
from subscriptions.lib.process_slots import ProcessSlots
from subscriptions.models import Company

from . import exporting
from .who import Who

TOGETHER = 2  # of the process's threads in gunicorn.conf.py, beside those of files and feeds
OF_ONE_COMPANY = 1
SLOTS = ProcessSlots(TOGETHER, OF_ONE_COMPANY)
LOOK_AGAIN_SECONDS = 10
BUSY = f"As much personal data is being handed out as can be at once. Try again in {LOOK_AGAIN_SECONDS} seconds."


class Busy(Exception):
    """All slots are taken."""


def answer(request: HttpRequest, company: Company, found: Who, name: str) -> StreamingHttpResponse:
    """The document as the file `name`. Raises Busy."""
    if not SLOTS.take(company.pk):
        raise Busy
    limit_writes(request.META)
    made = StreamingHttpResponse(_Document(exporting.write(company, found), company.pk), "application/json")
    made.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    made.headers["Cache-Control"] = "no-store"
    return made


class _Document:
    """Its pieces, with the slot that they hold until the answer is closed, sent or not."""

    def __init__(self, pieces: Iterator[str], company: int) -> None:
        self._pieces, self._company, self._open = pieces, company, True

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def close(self) -> None:
        if self._open:
            self._open = False
            SLOTS.give_back(self._company)
