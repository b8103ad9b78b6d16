"""var/demo-sent.jsonl: what the API accepted, and which events that must cause."""

import json
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from .expectations import Expectations


class SentLog:
    """Appends, so several runs can be checked together. Used by all threads of a run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def record_accepted(self, resource_id: str, events: Iterable[str]) -> None:
        self._write({"resource_id": resource_id, "events": list(events)})

    def record_unclear(self, resource_id: str) -> None:
        """A later request about it got no clear response."""
        self._write({"resource_id": resource_id, "events": [], "unsure": True})

    def _write(self, entry: dict[str, object]) -> None:
        at = datetime.now().astimezone().isoformat(timespec="milliseconds")
        line = json.dumps({"time": at, **entry}).encode("ascii") + b"\n"
        with self._lock, self._path.open("ab", buffering=0) as file:
            file.write(line)


def read_into(expectations: Expectations, path: Path) -> int:
    """Returns the number of entries. Raises FileNotFoundError. Ignores a last line that was cut off."""
    entries = 0
    with path.open("rb") as file:
        for line in file:
            try:
                entry = json.loads(line)
                expectations.expect(entry["resource_id"], entry["events"])
                if entry.get("unsure"):
                    expectations.record_unclear(entry["resource_id"])
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            entries += 1
    return entries
