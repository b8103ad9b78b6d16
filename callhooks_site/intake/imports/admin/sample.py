"""The first lines of an uploaded file, as they stand in it and as they would be imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rest_framework.exceptions import ValidationError

from ..call_results import LeftOut
from ..importer import Importer
from ..kinds import GENERATED_ID, KINDS
from ..lines import Line
from ..mapping import ColumnMapping
from ..models import ImportJob
from ..steps import format_value
from ..stored_lines import unpack
from .mapping_form import label_of

LINES_SHOWN = 3
_LONGEST = 40  # characters of a value
_VALUES_SHOWN = 3


def read_sample(job: ImportJob) -> list[Line]:
    """The lines of the first piece."""
    piece = job.pieces.order_by("number").first()
    return [Line(*line) for line in unpack(piece.lines)] if piece else []


def show_values(sample: Sequence[Line]) -> dict[str, str]:
    """The first different values of each column."""
    found: dict[str, list[str]] = {}
    for line in sample:
        for name, value in line.values.items():
            values, text = found.setdefault(name, []), _shorten(str(value))
            if len(values) < _VALUES_SHOWN and text not in values:
                values.append(text)
    return {name: " · ".join(values) for name, values in found.items()}


def show_lines(
    job: ImportJob, mapping: ColumnMapping, sample: Sequence[Line]
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """The first lines as they would be imported: a table row for each field, with a value for each line. And what is
    wrong with them."""
    importer = Importer(
        job.company,
        KINDS[job.kind],
        job.source,
        False,
        True,
        job.cells,
        lambda error: None,
        lambda counts: None,
        mapping,
    )
    rows: list[Mapping[str, str]] = []
    errors: list[str] = []
    for line in sample[:LINES_SHOWN]:
        try:
            if line.error:
                raise ValidationError([line.error])
            values = importer.build(line)
            rows.append({name: format_value(value, importer.options.zone) for name, value in values.items()})
        except LeftOut as reason:
            errors.append(f"Line {line.number} is left out: it is {reason}.")
        except ValidationError as error:
            told = importer.list_line_errors(line.number, error)
            errors += [f"Line {each.line}, {each.where or 'the whole line'}: {each.words}" for each in told]
    names = dict.fromkeys(name for row in rows for name, value in row.items() if not value.startswith(GENERATED_ID))
    return [(label_of(name), [_shorten(row.get(name, "")) for row in rows]) for name in names], errors


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
