"""The record of all webhooks: one line of JSON for each."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from .signatures import Verdict


def record_line(
    *, at: datetime, path: str, headers: Mapping[str, str], body: bytes, verdict: Verdict, repeat: bool
) -> bytes:
    """The line, with its newline. `body` is the exact text; a body that is not UTF-8 is also in `body_base64`."""
    entry: dict[str, object] = {"time": at.isoformat(timespec="milliseconds"), "path": path}
    entry["headers"] = dict(headers)
    try:
        entry["body"] = body.decode("utf-8")
    except UnicodeDecodeError:
        entry["body"] = body.decode("utf-8", "replace")
        entry["body_base64"] = base64.b64encode(body).decode("ascii")
    entry["verdict"] = {
        "signature": verdict.signature,
        "webhook_signature": verdict.webhook_signature,
        "good": verdict.good,
        "reasons": list(verdict.reasons),
    }
    entry["repeat"] = repeat
    # ASCII only, so that no character (such as U+2028) is read as a line break.
    return json.dumps(entry).encode("ascii") + b"\n"


def append(path: Path, line: bytes) -> None:
    """Opens the file each time, unbuffered: works after the file was removed, and readers see whole lines."""
    with path.open("ab", buffering=0) as record:
        record.write(line)
