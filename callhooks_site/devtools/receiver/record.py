"""The record of everything that arrived: one line of JSON for each request."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from .signatures import Verdict


def record_line(
    *, at: datetime, path: str, headers: Mapping[str, str], body: bytes, verdict: Verdict, repeat: bool
) -> bytes:
    """The line with its end. `body` is the exact text; bytes that are no UTF-8 stand in `body_base64` too."""
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
    # ASCII only: no character inside (U+2028, say) can be taken for the end of the line.
    return json.dumps(entry).encode("ascii") + b"\n"


def append(path: Path, line: bytes) -> None:
    """Opened each time and unbuffered: survives the file's removal, and whoever reads sees whole lines."""
    with path.open("ab", buffering=0) as record:
        record.write(line)
