"""An import's progress, errors and examples, as its page shows them."""

from __future__ import annotations

import json

from django.http import HttpResponse

from subscriptions.admin.kit.export import SafeWriter, read_slices

from ..kinds import GENERATED_ID
from ..mapping import ColumnMapping
from ..models import ImportJob
from ..presets import PRESETS
from .mapping_form import label_of

State = ImportJob.State
COLUMNS_SHOWN = 20
LONGEST_CELL = 60  # characters of a value in the table of examples
_FAILED = "Something went wrong on our side; the service’s log has the details."


def describe_progress(job: ImportJob) -> str:
    """How far it is, in one or two sentences."""
    wrong = f"{job.wrong:,} {'line' if job.wrong == 1 else 'lines'} wrong"
    counts = f"{job.new:,} created, {job.known:,} known already, {wrong}"
    share = f"{job.done / max(1, job.pieces_total):.0%}"
    if job.state == State.MAPPING:
        return f"{job.lines:,} lines. Say what the columns are; nothing is created yet."
    if job.state == State.CHECKING:
        return f"{share} of {job.lines:,} lines checked. Nothing is created yet."
    if job.state == State.READY:
        return f"All {job.lines:,} lines are checked. Nothing is created yet."
    if job.state == State.RUNNING:
        return f"{share} of {job.lines:,} lines: {counts}."
    if job.state == State.DONE:
        return f"{counts}."
    if job.publish is None:
        return "Nothing was created." if job.state == State.CANCELLED else f"{_FAILED} Nothing was created."
    rest = f"{counts}; the rest was skipped. What was created stays; import the same file again for the rest."
    return rest if job.state == State.CANCELLED else f"{_FAILED} {rest}"


def describe_mapping(job: ImportJob) -> list[tuple[str, str]]:
    """How the columns were read: names of facts and their values."""
    mapping = ColumnMapping.from_json(job.mapping)
    facts = []
    if mapping.preset in PRESETS:
        facts.append(("File of", PRESETS[mapping.preset].label))
    facts += [(label_of(name), value) for name, value in mapping.constants.items()]
    if mapping.zone:
        facts.append(("Time zone", mapping.zone))
    if mapping.left_out:
        shown = ", ".join(mapping.left_out[:COLUMNS_SHOWN])
        more = len(mapping.left_out) - COLUMNS_SHOWN
        facts.append(("Columns left out", f"{shown} and {more} more" if more > 0 else shown))
    return facts


def build_examples(job: ImportJob) -> list[tuple[str, list[str]]]:
    """The first rows as they would be created: a table row for each field, with a value for each example."""
    rows = json.loads(job.examples or "[]")
    # An id that the import generated says nothing to a reader.
    names = dict.fromkeys(name for row in rows for name, value in row.items() if not value.startswith(GENERATED_ID))
    return [(name, [_shorten(row.get(name, "")) for row in rows]) for name in names]


def build_errors_csv(job: ImportJob) -> HttpResponse:
    """All errors of the file's lines, as a CSV download."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{job.pk}-errors.csv"'
    # Text from somebody's file must not become a formula in somebody else's spreadsheet.
    writer = SafeWriter(answer)
    writer.write(["line", "column", "error"])
    for piece in read_slices(job.faults.order_by("line", "pk")):
        for fault in piece:
            writer.write([fault.line, fault.where, fault.words])
    return answer


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
