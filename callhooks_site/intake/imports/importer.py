"""Run an import: lines in, counts and errors out. What is done stays done after an interruption, and the next run skips
it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from rest_framework.exceptions import ValidationError

from calls.models import Tracker
from calls.phones import normalise_if_number
from subscriptions.api.kit.problems import list_errors
from subscriptions.models import Company

from .call_results import LeftOut
from .call_rows import RowOptions
from .kinds import KNOWN, NEW, Kind
from .lines import Line
from .mapping import OWN_FIELD, ColumnMapping

BATCH = 500  # lines held in memory at a time
MOST_EXAMPLES = 3


@dataclass(frozen=True)
class LineError:
    line: int
    where: str  # the column; empty: the whole line
    words: str


@dataclass
class Counts:
    lines: int = 0
    new: int = 0
    known: int = 0
    wrong: int = 0
    # Why rows are nothing of their own, with how many: legs of other calls, faxes, totals.
    left_out: Counter[str] = field(default_factory=Counter)
    examples: list[Mapping[str, Any]] = field(default_factory=list)  # the first that would be created


@dataclass(frozen=True)
class Importer:
    company: Company
    kind: Kind
    source: str  # external_source of lines that name none
    publish: bool
    preview: bool  # create nothing
    cells: bool  # the values are CSV texts
    report_error: Callable[[LineError], None]
    report_progress: Callable[[Counts], None]
    mapping: ColumnMapping = field(default_factory=ColumnMapping)
    # Digests of what a preview found to be new: it leaves nothing in the database that would show a duplicate.
    seen: set[int] = field(default_factory=set)

    def run(self, lines: Iterable[Line]) -> Counts:
        counts = Counts()
        iterator = iter(lines)
        while batch := list(islice(iterator, BATCH)):
            accepted: list[tuple[int, dict[str, Any]]] = []
            refused: list[tuple[int, Exception]] = []
            for line in batch:
                counts.lines += 1
                try:
                    if line.error:
                        raise ValidationError(line.error)
                    accepted.append((line.number, self.build(line)))
                except LeftOut as reason:
                    counts.left_out[str(reason)] += 1
                except ValidationError as error:
                    refused.append((line.number, error))
            refused += self._bring_in(counts, accepted)
            counts.wrong += len(refused)
            for number, why in sorted(refused, key=lambda each: each[0]):
                for line_error in self.list_line_errors(number, why):
                    self.report_error(line_error)
            self.report_progress(counts)
        return counts

    def build(self, line: Line) -> dict[str, Any]:
        """The line's values for ingestion. Raises ValidationError and LeftOut."""
        renamed = self.mapping.rename(line.values)
        return self.kind.build_values(
            renamed, company=self.company, source=self.source, cells=self.cells, options=self.options
        )

    def list_line_errors(self, number: int, error: Exception) -> Iterator[LineError]:
        """What is wrong with a line, by the names that its columns have in the file."""
        for each in list_errors(error):
            field_name, slash, rest = each.get("pointer", "").removeprefix("#").strip("/").partition("/")
            yield LineError(number, f"{self._column_names.get(field_name, field_name)}{slash}{rest}", each["detail"])

    @cached_property
    def _column_names(self) -> dict[str, str]:
        return {ours: theirs for theirs, ours in self.mapping.columns.items() if ours not in ("", OWN_FIELD)}

    @cached_property
    def options(self) -> RowOptions:
        return RowOptions(
            zone=ZoneInfo(self.mapping.zone or self.company.time_zone),
            dates=self.mapping.dates,
            constants=self.mapping.constants,
            is_tracking=self._is_tracking,
        )

    @cached_property
    def _is_tracking(self) -> Callable[[str], bool]:
        numbers, region = Tracker.objects.filter(company=self.company), self.company.region

        @lru_cache(maxsize=10_000)
        def is_tracking(written: str) -> bool:
            number = normalise_if_number(written, region=region)
            return bool(number) and numbers.filter(phone_number=number).exists()

        return is_tracking

    def _bring_in(self, counts: Counts, accepted: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, Exception]]:
        """Bring these in and count them. Returns those that were refused."""
        refused: list[tuple[int, Exception]] = []
        items = [values for _, values in accepted]
        if self.preview:
            # Everything is written and then rolled back, so that a preview sees whatever only the database knows.
            with transaction.atomic():
                outcomes = self.kind.bring_in(self.company, items, False)
                transaction.set_rollback(True)
        else:
            outcomes = self.kind.bring_in(self.company, items, self.publish)
        for (number, values), outcome in zip(accepted, outcomes, strict=True):
            if not isinstance(outcome, str):
                refused.append((number, outcome))
                continue
            key = _digest(values["external_source"], values["external_id"])
            if self.preview and outcome == NEW and key in self.seen:
                outcome = KNOWN
            if outcome == NEW:
                counts.new += 1
                if self.preview:
                    self.seen.add(key)
                    if len(counts.examples) < MOST_EXAMPLES:
                        counts.examples.append(values)
            else:
                counts.known += 1
        return refused


def _digest(source: str, external_id: str) -> int:
    """63 bits, the same in every process: a preview may continue in another one."""
    whole = sha256(f"{source}\x00{external_id}".encode()).digest()
    return int.from_bytes(whole[:8], "big") >> 1
