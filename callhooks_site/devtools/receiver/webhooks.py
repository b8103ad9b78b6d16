"""Handle one webhook: check, record and show it, and choose the response."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import TextIO

from .bodies import body_fault, version_of
from .keys import KeysFile, KeysMissing
from .record import append, record_line
from .signatures import Verdict, check
from .summary import summarise
from .terminal import BOLD, GREEN, RED, paint, safe, wants_colour

REMEMBERED_IDS = 200_000  # some 30 MB; a repeat of an older one is not marked as such


class WebhookHandler:
    """Shared by all connections. Every webhook that got a 200 is in the record."""

    def __init__(self, folder: Path, terminal: TextIO) -> None:
        self._keys = KeysFile(folder / "demo.json")
        self._record = folder / "receiver.jsonl"
        self._terminal = terminal
        self._colour = wants_colour(terminal)
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def receive(self, *, path: str, headers: Mapping[str, str], body: bytes) -> tuple[HTTPStatus, str]:
        """Returns the status and the text of the response. `headers` have each name once, as received."""
        at = datetime.now().astimezone()
        lower = {name.lower(): value for name, value in headers.items()}
        refusal = HTTPStatus.BAD_REQUEST
        try:
            verdict = check(self._keys.read(), lower, body, time.time())
        except KeysMissing as error:
            verdict = Verdict(False, False, (f"no keys to check with: {error}",))
            refusal = HTTPStatus.SERVICE_UNAVAILABLE
        version = version_of(path)
        if verdict.good:
            fault = body_fault(version, lower.get("callhooks-event", ""), body, lower.get("content-type", ""))
            if fault:
                verdict = replace(verdict, body=False, reasons=(*verdict.reasons, fault))
        head, tail = self._line(at, lower, body, verdict, version)
        # Each version gets its own request of an event.
        once = f"{version} {lower.get('webhook-id', '')}"
        with self._lock:
            repeat = verdict.good and once in self._seen
            entry = record_line(at=at, path=path, headers=headers, body=body, verdict=verdict, repeat=repeat)
            try:
                append(self._record, entry)
            except OSError as error:
                self._show(f"{at:%H:%M:%S}  cannot write {self._record}: {error.strerror}")
                return HTTPStatus.INTERNAL_SERVER_ERROR, "not recorded"
            if verdict.good:
                self._remember(once)
            self._show(f"{head}repeat · {tail}" if repeat else head + tail)
        return (HTTPStatus.OK, "good") if verdict.good else (refusal, "; ".join(verdict.reasons))

    def report_refused(self, reason: str) -> None:
        """Show in the terminal that a request was not a webhook."""
        with self._lock:
            self._show(f"{datetime.now().astimezone():%H:%M:%S}  refused: {safe(reason)}")

    def close(self) -> None:
        """Write nothing more. Keeps the lock, so that no thread is interrupted while it prints."""
        self._lock.acquire()

    def _line(
        self, at: datetime, headers: Mapping[str, str], body: bytes, verdict: Verdict, version: str
    ) -> tuple[str, str]:
        """The two halves of the line; "repeat" goes between them."""
        event = headers.get("callhooks-event", "")
        shown = paint(f"{safe(event, 30) or '(no event)':<21}", BOLD, self._colour)
        attempt = headers.get("callhooks-attempt", "1")
        again = "" if attempt == "1" else f"attempt {safe(attempt, 8)} · "
        if verdict.good:
            word = paint("good", GREEN, self._colour)
        else:
            word = paint(f"BAD ({safe('; '.join(verdict.reasons))})", RED, self._colour)
        which = f"{version} · " if version else ""
        return f"{at:%H:%M:%S}  {shown}  {word}  {which}{again}", safe(summarise(event, body))

    def _remember(self, once: str) -> None:
        self._seen[once] = None
        self._seen.move_to_end(once)
        if len(self._seen) > REMEMBERED_IDS:
            self._seen.popitem(last=False)

    def _show(self, line: str) -> None:
        try:
            self._terminal.write(line + "\n")
            self._terminal.flush()
        except OSError:
            pass  # a terminal that was closed must not stop the record
