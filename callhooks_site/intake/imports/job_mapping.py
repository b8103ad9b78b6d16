"""The mapping of an uploaded file: guessed or remembered when it comes, confirmed or changed by people, and then
remembered for the next file with the same columns."""

from __future__ import annotations

from .kinds import KINDS
from .mapping import ColumnMapping, find_preset, guess, match, signature
from .models import ImportJob, RememberedMapping

State = ImportJob.State


def choose_first_mapping(job: ImportJob) -> None:
    """Set the mapping of a new job, and its state: a file with the names of our fields needs nobody's word."""
    kind = KINDS[job.kind]
    if not job.cells:
        job.state = State.CHECKING
        return
    mapping, unknown = match(job.kind, job.columns, kind.columns)
    guessed = guess(job.kind, job.columns, kind.columns, find_preset(job.kind, job.columns))
    clear = not unknown and _has_required(job, mapping) and mapping.columns == guessed.columns
    job.state = State.CHECKING if clear else State.MAPPING
    job.mapping = (mapping if clear else recall(job) or guessed).as_json()


def _has_required(job: ImportJob, mapping: ColumnMapping) -> bool:
    known = {*mapping.columns.values(), *mapping.constants}
    return all(name in known for name in KINDS[job.kind].required)


def recall(job: ImportJob) -> ColumnMapping | None:
    """What was confirmed for the last file of the company with these columns."""
    found = RememberedMapping.objects.filter(company=job.company, signature=signature(job.kind, job.columns)).first()
    return ColumnMapping.from_json(found.mapping) if found else None
