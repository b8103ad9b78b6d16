"""Imports of the admin: create a job from a file, start it after its check, cancel it. `steps` does the work.

The file's content is deleted piece by piece as it is imported; a job that is over keeps nothing of it.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from io import BytesIO
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Now

from subscriptions.counters.known import IMPORTS
from subscriptions.models import Company

from . import schedules
from .bad_file import BadFile
from .importer import BATCH
from .job_mapping import choose_first_mapping, look_at_first_lines, remember
from .lines import Line
from .mapping import ColumnMapping
from .models import ImportFault, ImportJob, ImportPiece
from .stored_lines import pack
from .table import find_form, open_table

MOST_LINES = 200_000  # of an upload; larger files go through import_data
# Of a company: files that wait for a check or a decision, all that is stored of files that are not over, and uploads in
# an hour. Otherwise one login could fill the database's disk.
MOST_UNDECIDED = 3
MOST_STORED_BYTES = 30_000_000
MOST_IN_AN_HOUR = 30
FORGOTTEN_HOURS = 24  # a checked file waits this long for somebody to start it
State = ImportJob.State
AT_WORK = (State.CHECKING, State.RUNNING)
UNDECIDED = (State.MAPPING, State.CHECKING, State.READY)
OVER = (State.DONE, State.CANCELLED, State.FAILED)


class TooManyImports(BadFile):
    """The company has too many files that are not imported yet. The message says what to do."""


def create_job(
    *, company: Company, kind: str, name: str, content: bytes, encoding: str, source: str, by: Any
) -> ImportJob:
    """Store a file and queue its check. Raises BadFile if none of it can be read, and TooManyImports if the company has
    to decide about earlier files first."""
    form = find_form(name)
    if form is None:
        raise BadFile("The file's name must end in .csv, .xlsx, or .jsonl for JSON Lines.")
    table = open_table(BytesIO(content), form, encoding=encoding)
    lines = table.lines
    with transaction.atomic():
        room = _room(company)
        job = ImportJob(
            company=company, kind=kind, file_name=name[-200:], cells=table.cells, columns=table.columns,
            note=table.note[:500], source=source, requested_by=by,
        )  # fmt: skip
        choose_first_mapping(job)
        job.save()
        while batch := list(islice(lines, BATCH)):
            if not job.pieces_total:
                look_at_first_lines(job, batch)
            stored = pack([_as_json(line) for line in batch])
            job.stored_bytes += len(stored)
            if job.stored_bytes > room:
                raise TooManyImports(
                    f"This file and the company's other files that are not imported yet take more than "
                    f"{MOST_STORED_BYTES // 1_000_000} MB together. Start or cancel one of them first."
                )
            ImportPiece.objects.create(job=job, number=job.pieces_total, lines=stored)
            job.pieces_total += 1
            job.lines += len(batch)
            if job.lines > MOST_LINES:
                raise BadFile(f"The file has more than {MOST_LINES:,} lines. Split it, or use `import_data`.")
        if not job.lines:
            raise BadFile("There is no line with data in this file.")
        job.save(update_fields=["pieces_total", "lines", "stored_bytes", "state", "mapping"])
        transaction.on_commit(schedules.queue)
    return job


def _room(company: Company) -> int:
    """How many bytes of a new file there is room for. Raises TooManyImports. Locks the company's row, so that files
    that come at once are counted one after the other."""
    Company.objects.select_for_update(no_key=True).filter(pk=company.pk).values_list("pk").get()
    mine = ImportJob.objects.filter(company=company)
    undecided = mine.filter(state__in=UNDECIDED).count()
    if undecided >= MOST_UNDECIDED:
        raise TooManyImports(
            f"{undecided} files of this company wait for a decision. Start or cancel one of them first."
        )
    if mine.filter(created_at__gt=Now() - timedelta(hours=1)).count() >= MOST_IN_AN_HOUR:
        raise TooManyImports(f"A company can upload {MOST_IN_AN_HOUR} files in an hour. Wait a while, or join files.")
    stored = mine.exclude(state__in=OVER).aggregate(total=Sum("stored_bytes"))["total"] or 0
    return MOST_STORED_BYTES - int(stored)


def confirm_columns(job: ImportJob, mapping: ColumnMapping) -> bool:
    """Take this mapping, remember it, and check the file by it. False if the file is being imported or over."""
    with transaction.atomic():
        confirmed = ImportJob.objects.filter(pk=job.pk, state__in=(State.MAPPING, State.READY)).update(
            state=State.CHECKING, mapping=mapping.as_json(), done=0, new=0, known=0, wrong=0, left_out=0,
            left_out_reasons={}, seen=[], examples="",
        )  # fmt: skip
        if confirmed:
            ImportFault.objects.filter(job=job).delete()
            remember(job, mapping)
            transaction.on_commit(schedules.queue)
    job.refresh_from_db()
    return bool(confirmed)


def start(job: ImportJob, *, publish: bool) -> bool:
    """Start the import of a checked file. False if it is not waiting for that any more."""
    with transaction.atomic():
        started = ImportJob.objects.filter(pk=job.pk, state=State.READY).update(
            state=State.RUNNING, publish=publish, done=0, new=0, known=0, wrong=0, left_out=0, left_out_reasons={},
            seen=[], examples="",
        )  # fmt: skip
        if started:
            ImportFault.objects.filter(job=job).delete()  # the import finds them again
            transaction.on_commit(schedules.queue)
    job.refresh_from_db()
    return bool(started)


def cancel(job: ImportJob) -> bool:
    """Stop it and delete the rest of its file. What was imported stays. False if it was over already."""
    with transaction.atomic():
        row = ImportJob.objects.select_for_update(no_key=True).get(pk=job.pk)  # waits for the end of a step
        stopped = row.state not in OVER
        if stopped:
            end_job(row, State.CANCELLED)
    job.refresh_from_db()
    return stopped


def cancel_forgotten() -> None:
    """Cancel jobs whose columns nobody confirmed, and those that were checked and never started."""
    since = Now() - timedelta(hours=FORGOTTEN_HOURS)
    for job in ImportJob.objects.filter(
        Q(state=State.READY, stepped_at__lt=since) | Q(state=State.MAPPING, created_at__lt=since)
    ):
        cancel(job)


def end_job(job: ImportJob, state: str) -> None:
    """Write the final state and counts, and delete the rest of the file. The caller holds the job's lock."""
    job.pieces.all().delete()
    transaction.on_commit(partial(IMPORTS.add, job.kind, state))
    ImportJob.objects.filter(pk=job.pk).update(
        state=state, done=job.done, new=job.new, known=job.known, wrong=job.wrong, left_out=job.left_out,
        left_out_reasons=job.left_out_reasons, seen=[], examples="", stored_bytes=0, stepped_at=Now(),
        finished_at=Now(),
    )  # fmt: skip


def _as_json(line: Line) -> list[Any]:
    """As an ImportPiece stores it. A line that cannot be read is stored with its error alone."""
    return [line.number, {} if line.error else dict(line.values), line.error]
