"""Read the receiver's record as it grows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .expectations import Arrival


class Arrivals:
    """Reads from `offset` (bytes) on: what came in a payload version, or everything. Incomplete lines are left for the
    next call."""

    def __init__(self, path: Path, offset: int = 0, version: str = "") -> None:
        self._path = path
        self._offset = offset
        self._version = version

    @classmethod
    def from_now(cls, path: Path, version: str = "") -> "Arrivals":
        return cls(path, path.stat().st_size if path.exists() else 0, version)

    def read_new(self) -> Iterator[Arrival]:
        try:
            record = self._path.open("rb")
        except FileNotFoundError:
            return
        with record:
            if record.seek(0, 2) < self._offset:
                self._offset = 0  # the record was emptied
            record.seek(self._offset)
            for line in record:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                arrival = parse(line)
                if arrival is not None and self._version in ("", arrival.version):
                    yield arrival


def parse(line: bytes) -> Arrival | None:
    """None for a line that is not a webhook, such as the cut-off last line of a killed receiver."""
    try:
        entry: dict[str, Any] = json.loads(line)
        headers = {name.lower(): value for name, value in entry["headers"].items()}
        return Arrival(
            event=headers["callhooks-event"],
            resource_id=str(json.loads(entry["body"])["resource_id"]),
            webhook_id=headers["webhook-id"],
            good=entry["verdict"]["good"] is True,
            version=str(entry["path"]).partition("?")[0].rpartition("/")[2],
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
