"""The mapping of an uploaded file: guessed or remembered when it comes, confirmed or changed by people, and then
remembered for the next file with the same columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db.models.functions import Now

from calls.models import Tracker

from .kinds import KINDS
from .lines import Line
from .mapping import ColumnMapping, find_preset, guess, match, signature
from .models import ImportJob, RememberedMapping
from .moments import may_be_time, order_of

State = ImportJob.State
DEFAULT_SOURCE = "import"  # what an upload says comes from, unless somebody wrote something else
MOST_REMEMBERED = 50  # of a company: many times the systems that one has files of
MONTH_FIRST = ("US", "PH")  # countries whose spreadsheets write 11/3/2026 for the third of November
_TIMES = ("start_time", "start_date", "sent_at", "submitted_at", "answered_at", "ended_at")
_SAY_THE_NUMBER = {"tracking_phone_number", "from_number", "to_number", "did_number"}


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
    job.mapping = (mapping if clear else guessed).as_json()
    if guessed.preset and job.source == DEFAULT_SOURCE:
        job.source = guessed.preset  # as `import_data` does: the same line is the same thing


def look_at_first_lines(job: ImportJob, lines: Sequence[Line]) -> None:
    """Correct the first mapping by what the file says, or take what the company confirmed for the last such file. Dates
    whose order somebody has to confirm make a question of a file that was none."""
    if not job.cells:
        return
    if job.state == State.MAPPING and (remembered := recall(job)):
        job.mapping = remembered.as_json()
        return
    mapping = refine(job, ColumnMapping.from_json(job.mapping), lines)
    if job.state == State.MAPPING or mapping.dates != "iso":
        job.state, job.mapping = State.MAPPING, mapping.as_json()


def refine(job: ImportJob, mapping: ColumnMapping, lines: Sequence[Line]) -> ColumnMapping:
    """The guess with the order that the dates have, and with the company's number if it has one only and no column
    tells it."""
    order = order_of(_list_times(mapping, lines))
    if order is None:  # they fit both: as the country of the company writes them
        order = (
            mapping.dates if mapping.dates != "iso" else "us" if job.company.time_zone.startswith("America/") else "eu"
        )
    if order != "iso":
        mapping = replace(mapping, dates=order)
    if KINDS[job.kind].name != "forms" and not _SAY_THE_NUMBER & set(mapping.columns.values()):
        numbers = Tracker.objects.filter(company=job.company, active=True).values_list("phone_number", flat=True)[:2]
        if len(numbers) == 1:
            mapping = replace(mapping, constants={**mapping.constants, "tracking_phone_number": numbers[0]})
    return mapping


def _list_times(mapping: ColumnMapping, lines: Sequence[Line]) -> list[str]:
    """The values of the columns with times; of all columns that may be times, if none is known yet."""
    known = [name for name, ours in mapping.columns.items() if ours in _TIMES]
    return [
        str(value) for line in lines for name, value in line.values.items()
        if name in known or (not known and may_be_time(str(value)))
    ]  # fmt: skip


def recall(job: ImportJob) -> ColumnMapping | None:
    """What was confirmed for the last file of the company with these columns."""
    found = RememberedMapping.objects.filter(company=job.company, signature=_signature(job)).first()
    return ColumnMapping.from_json(found.mapping) if found else None


def remember(job: ImportJob, mapping: ColumnMapping) -> None:
    mine = RememberedMapping.objects.filter(company=job.company)
    mine.update_or_create(
        company=job.company, signature=_signature(job), defaults={"mapping": mapping.as_json(), "used_at": Now()}
    )
    mine.filter(pk__in=mine.order_by("-used_at", "-pk").values("pk")[MOST_REMEMBERED:]).delete()


def _signature(job: ImportJob) -> str:
    return signature(job.kind, [str(name) for name in job.columns])


def _has_required(job: ImportJob, mapping: ColumnMapping) -> bool:
    known = {*mapping.columns.values(), *mapping.constants}
    return all(name in known for name in KINDS[job.kind].required)
