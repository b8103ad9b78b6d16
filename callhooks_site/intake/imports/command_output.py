"""What `import_data` prints and writes: progress, errors, the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from subscriptions.admin.kit.export import SafeWriter
from subscriptions.models import Company

from .importer import Counts, LineError
from .kinds import Kind
from .mapping import ColumnMapping
from .table import Table

PROGRESS_SECONDS = 2.0
MOST_SHOWN = 20  # errors on the screen; the file has all


def build_result(
    company: Company,
    kind: Kind,
    mapping: ColumnMapping,
    table: Table,
    counts: Counts,
    options: Mapping[str, Any],
    log: ErrorLog,
    seconds: float,
) -> dict[str, Any]:
    return {
        "company": company.resource_id,
        "company_name": company.name,
        "kind": kind.name,
        "preview": options["preview"],
        "webhooks": options["publish"],
        "lines": counts.lines,
        "new": counts.new,
        "known": counts.known,
        "wrong": counts.wrong,
        "left_out": dict(counts.left_out),
        "mapping": mapping.as_json(),
        "columns_left_out": mapping.left_out,
        "note": table.note,
        "errors": [{"line": each.line, "column": each.where, "error": each.words} for each in log.first[:MOST_SHOWN]],
        "examples": [{name: str(value) for name, value in each.items()} for each in counts.examples],
        "seconds": round(seconds, 1),
    }


def write_result(result: Mapping[str, Any], out: Any) -> None:
    would = "would be " if result["preview"] else ""
    out.write(f"{result['new']:>9,} {result['kind']} {would}created in {result['company_name']}")
    out.write(f"{result['known']:>9,} are known already and stay unchanged")
    out.write(f"{result['wrong']:>9,} lines are wrong")
    for reason, times in result["left_out"].items():
        out.write(f"{times:>9,} left out: {reason}")
    if result["columns_left_out"]:
        out.write(f"Columns left out: {', '.join(result['columns_left_out'])}.")
    if result["note"]:
        out.write(result["note"])
    if result["webhooks"]:
        out.write(f"Webhooks {'would be' if result['preview'] else 'are'} sent for each new one.")
    else:
        out.write("No webhooks: add --publish to send them.")
    for number, values in enumerate(result["examples"]):
        out.write("For example:" if not number else "")
        for name, value in values.items():
            out.write(f"  {name}: {value[:100]}")
    out.write(f"{result['lines']:,} lines in {result['seconds']:,} s.")


class Progress:
    """Prints a line every few seconds."""

    def __init__(self, share: Callable[[], float], stderr: Any) -> None:
        self.counts = Counts()
        self._share, self._stderr = share, stderr
        self._began = self._printed_at = time.monotonic()

    def __call__(self, counts: Counts) -> None:
        self.counts, now = counts, time.monotonic()
        if now - self._printed_at >= PROGRESS_SECONDS:
            self._printed_at = now
            rate = counts.lines / (now - self._began)
            status = f"{self._share():4.0%}  {counts.lines:,} lines, {counts.wrong:,} wrong, {rate:,.0f} a second"
            self._stderr.write(status)


class ErrorLog:
    """Writes all errors to a file, created with the first; prints the first few too."""

    def __init__(self, path: Path, stderr: Any) -> None:
        self.first: list[LineError] = []
        self._path, self._stderr = path, stderr
        self._stack = ExitStack()
        self._writer: Any = None

    def __enter__(self) -> ErrorLog:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, error: LineError) -> None:
        if self._writer is None:
            file = self._stack.enter_context(self._path.open("w", newline="", encoding="utf-8"))
            self._writer = SafeWriter(file)
            self._writer.write(["line", "column", "error"])
        self._writer.write([error.line, error.where, error.words])
        if len(self.first) < MOST_SHOWN:
            self.first.append(error)
            self._stderr.write(f"Line {error.line}: {error.where}{': ' if error.where else ''}{error.words}")
        elif len(self.first) == MOST_SHOWN:
            self.first.append(error)
            self._stderr.write(f"More errors follow in {self._path}.")
