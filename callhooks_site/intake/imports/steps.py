"""Check and import files in the background, a piece at a time.

- One transaction imports, counts and deletes a piece while it holds the job's row: whatever is killed, each piece is
  imported once, and a restart continues with the next.
- The check runs the same code as the import (`importer`) and rolls back what it wrote.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Now

from subscriptions.counters.known import IMPORT_LINES

from .importer import MOST_EXAMPLES, Counts, Importer, LineError
from .jobs import AT_WORK, State, end_job
from .kinds import KINDS
from .lines import Line
from .mapping import ColumnMapping
from .models import ImportFault, ImportJob, ImportPiece
from .stored_lines import unpack

logger = logging.getLogger(__name__)

MOST_REASONS = 10  # shown of why lines are left out
MOST_FAULTS = 2_000  # stored for one job; a file with more is wrong as a whole


def run_step() -> bool:
    """Process one piece of the job that has waited longest. False when there is nothing to do."""
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
                _process_next_piece(job)
        except (OperationalError, InterfaceError) as error:
            # The database's problem, such as a deadlock: the next task tries this piece again, after other jobs.
            logger.warning("Import %s waits for its next turn: %s", job.pk, error)
            ImportJob.objects.filter(pk=job.pk).update(stepped_at=Now())  # raises again if the database is gone
            return False
        except Exception:  # a fault of the file or of ours: it ends this import and must not delay others
            logger.exception("Import %s failed at piece %s of %s", job.pk, job.done + 1, job.pieces_total)
            job.refresh_from_db()
            end_job(job, State.FAILED)
    return True


def _process_next_piece(job: ImportJob) -> None:
    piece = job.pieces.filter(number=job.done).first()
    if piece is not None:
        _process(job, piece)
        job.done += 1
    if job.done >= job.pieces_total:
        if job.state == State.RUNNING:
            end_job(job, State.DONE)
            return
        job.state, job.seen = State.READY, []
    ImportJob.objects.filter(pk=job.pk).update(
        state=job.state,
        done=job.done,
        new=job.new,
        known=job.known,
        wrong=job.wrong,
        left_out=job.left_out,
        left_out_reasons=job.left_out_reasons,
        seen=job.seen,
        examples=job.examples,
        stepped_at=Now(),
    )


def _process(job: ImportJob, piece: ImportPiece) -> None:
    checking = job.state == State.CHECKING
    errors: list[LineError] = []
    examples = json.loads(job.examples or "[]")
    importer = Importer(
        company=job.company,
        kind=KINDS[job.kind],
        source=job.source,
        publish=bool(job.publish),
        preview=checking,
        cells=job.cells,
        report_error=errors.append,
        report_progress=lambda counts: None,
        mapping=ColumnMapping.from_json(job.mapping),
        seen=set(job.seen),
    )
    counts: Counts = importer.run(Line(*line) for line in unpack(piece.lines))
    job.new += counts.new
    job.known += counts.known
    job.wrong += counts.wrong
    job.left_out += counts.left_out.total()
    reasons = Counter(job.left_out_reasons) + counts.left_out
    job.left_out_reasons = dict(reasons.most_common(MOST_REASONS))
    if checking:
        job.seen = sorted(importer.seen)
        zone = ZoneInfo(job.company.time_zone)
        readable = [{name: format_value(value, zone) for name, value in values.items()} for values in counts.examples]
        job.examples = json.dumps([*examples, *readable][:MOST_EXAMPLES])
    else:
        piece.delete()
        transaction.on_commit(partial(_count, job.kind, counts))
    _store_errors(job, errors)


def _count(kind: str, counts: Counts) -> None:
    for outcome, number in (
        ("new", counts.new), ("known", counts.known), ("wrong", counts.wrong), ("left_out", counts.left_out.total()),
    ):  # fmt: skip
        IMPORT_LINES.add(kind, outcome, by=number)


def format_value(value: Any, zone: ZoneInfo) -> str:
    """A value for people to read."""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _store_errors(job: ImportJob, errors: Iterable[LineError]) -> None:
    room = MOST_FAULTS - job.faults.count()
    ImportFault.objects.bulk_create(
        ImportFault(job=job, line=error.line, where=error.where[:200], words=error.words[:500])
        for error in islice(errors, max(0, room))
    )
