"""Imports in the background: a file is taken, checked, and when somebody has said so brought in.

Invariants
- A piece is brought in, counted and deleted by one transaction that holds the job's row: whatever is killed, each piece
  is brought in once, and a restart goes on with the next.
- The check and the import are the same code (`run`); the check takes back what it wrote.
- The file's content is deleted as it is brought in; of a job that is over, none is left.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from io import BytesIO, TextIOWrapper
from itertools import islice
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Now

from subscriptions.models import Company

from . import schedules
from .kinds import KINDS, Kind
from .lines import BadFile, Line, read_csv, read_json_lines
from .models import ImportFault, ImportJob, ImportPiece
from .run import BATCH, Counts, Import, Wrong

logger = logging.getLogger(__name__)

MOST_LINES = 200_000  # of an upload; what is larger goes through import_data
MOST_FAULTS = 10_000  # kept for one job; a file with more is wrong as a whole
FORGOTTEN_HOURS = 24  # that a checked file waits for somebody's word
State = ImportJob.State
AT_WORK = (State.CHECKING, State.RUNNING)
OVER = (State.DONE, State.CANCELLED, State.FAILED)


def accept(*, company: Company, kind: str, name: str, content: bytes, encoding: str, source: str, by: Any) -> ImportJob:
    """Store a file and queue its check. Raises BadFile when nothing of it can be read."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in (".csv", ".jsonl", ".ndjson"):
        raise BadFile("The file's name must end in .csv, or in .jsonl for JSON Lines.")
    cells = suffix == ".csv"
    # A line that is in another encoding is an error of that line.
    text = TextIOWrapper(BytesIO(content), encoding=encoding, errors="surrogateescape", newline="")
    numbered = _read(text, KINDS[kind], cells)
    with transaction.atomic():
        job = ImportJob.objects.create(
            company=company, kind=kind, file_name=name[-200:], cells=cells, source=source, requested_by=by
        )
        while batch := list(islice(numbered, BATCH)):
            said = json.dumps([[line.number, dict(line.said), line.error] for line in map(_storable, batch)])
            ImportPiece.objects.create(job=job, number=job.pieces_total, lines=said)
            job.pieces_total += 1
            job.lines += len(batch)
            if job.lines > MOST_LINES:
                raise BadFile(f"There are more than {MOST_LINES:,} lines. Divide the file, or use `import_data`.")
        if not job.lines:
            raise BadFile("There is no line with data in this file.")
        job.save(update_fields=["pieces_total", "lines"])
        transaction.on_commit(schedules.queue)
    return job


def _read(text: TextIOWrapper, kind: Kind, cells: bool) -> Iterator[Line]:
    if not cells:
        return read_json_lines(text)
    columns, lines = read_csv(text, kind.columns)
    unknown = [name for name in columns if name and name not in kind.columns]
    if unknown and not kind.takes_others:
        raise BadFile(
            f"These columns are not known: {', '.join(unknown)}. Rename them in the file's first line, or take them "
            f"out. Known are: {', '.join(kind.columns)}."
        )
    return lines


def _storable(line: Line) -> Line:
    """Of a line that cannot be read, only what is wrong with it."""
    return Line(line.number, {}, line.error) if line.error else line


def start(job: ImportJob, *, publish: bool) -> bool:
    """Begin the import of a file that was checked. False when it did not wait for that any more."""
    with transaction.atomic():
        started = ImportJob.objects.filter(pk=job.pk, state=State.READY).update(
            state=State.RUNNING, publish=publish, done=0, new=0, known=0, wrong=0, seen=[], examples=""
        )
        if started:
            ImportFault.objects.filter(job=job).delete()  # the import tells them again
            transaction.on_commit(schedules.queue)
    job.refresh_from_db()
    return bool(started)


def cancel(job: ImportJob) -> bool:
    """Stop it and delete what is left of its file. What was brought in stays. False when it was over already."""
    with transaction.atomic():
        row = ImportJob.objects.select_for_update(no_key=True).get(pk=job.pk)  # not in the middle of a step
        stopped = row.state not in OVER
        if stopped:
            _end(row, State.CANCELLED)
    job.refresh_from_db()
    return stopped


def drop_forgotten() -> None:
    """Files that were checked, and that nobody wanted then."""
    for job in ImportJob.objects.filter(state=State.READY, stepped_at__lt=Now() - timedelta(hours=FORGOTTEN_HOURS)):
        cancel(job)


def step() -> bool:
    """Move one job on by a piece, the one that has waited longest. False when there is nothing to do."""
    with transaction.atomic():
        job = (
            ImportJob.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .select_related("company")
            .filter(state__in=AT_WORK)
            .order_by(F("stepped_at").asc(nulls_first=True), "pk")
            .first()
        )
        if job is None:
            return False
        try:
            with transaction.atomic():
                _step(job)
        except (OperationalError, InterfaceError) as error:
            # The database's trouble, such as a deadlock: a next task tries the piece again, after those of others.
            logger.warning("Import %s waits for its next turn: %s", job.pk, error)
            ImportJob.objects.filter(pk=job.pk).update(stepped_at=Now())  # raises once more if the database is away
            return False
        except Exception:  # the file's or our own fault: it ends this import, and keeps no other one waiting
            logger.exception("Import %s failed at piece %s of %s", job.pk, job.done + 1, job.pieces_total)
            job.refresh_from_db()
            _end(job, State.FAILED)
    return True


def _step(job: ImportJob) -> None:
    piece = job.pieces.filter(number=job.done).first()
    if piece is not None:
        _bring_in(job, piece)
        job.done += 1
    if job.done >= job.pieces_total:
        if job.state == State.RUNNING:
            _end(job, State.DONE)
            return
        job.state, job.seen = State.READY, []
    ImportJob.objects.filter(pk=job.pk).update(
        state=job.state,
        done=job.done,
        new=job.new,
        known=job.known,
        wrong=job.wrong,
        seen=job.seen,
        examples=job.examples,
        stepped_at=Now(),
    )


def _bring_in(job: ImportJob, piece: ImportPiece) -> None:
    checking = job.state == State.CHECKING
    faults: list[Wrong] = []
    examples = json.loads(job.examples or "[]")
    run = Import(
        company=job.company,
        kind=KINDS[job.kind],
        source=job.source,
        publish=bool(job.publish),
        preview=checking,
        cells=job.cells,
        tell=faults.append,
        progress=lambda counts: None,
        seen=set(job.seen),
    )
    counts: Counts = run.run(Line(*line) for line in json.loads(piece.lines))
    job.new += counts.new
    job.known += counts.known
    job.wrong += counts.wrong
    if checking:
        job.seen = sorted(run.seen)
        zone = ZoneInfo(job.company.time_zone)
        spelled = [{name: _spelled(value, zone) for name, value in values.items()} for values in counts.examples]
        job.examples = json.dumps([*examples, *spelled][:3])
    else:
        piece.delete()
    _keep(job, faults)


def _spelled(value: Any, zone: ZoneInfo) -> str:
    """As people write it."""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _keep(job: ImportJob, faults: Iterable[Wrong]) -> None:
    room = MOST_FAULTS - job.faults.count()
    ImportFault.objects.bulk_create(
        ImportFault(job=job, line=wrong.line, where=wrong.where[:200], words=wrong.words[:500])
        for wrong in islice(faults, max(0, room))
    )


def _end(job: ImportJob, state: str) -> None:
    job.pieces.all().delete()
    ImportJob.objects.filter(pk=job.pk).update(
        state=state, done=job.done, new=job.new, known=job.known, wrong=job.wrong,
        seen=[], examples="", stepped_at=Now(), finished_at=Now(),
    )  # fmt: skip
