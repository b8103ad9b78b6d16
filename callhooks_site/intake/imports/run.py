"""One import: lines in, counts and errors out. What is done stays done when it is interrupted, and is known the next
time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from rest_framework.exceptions import ValidationError

from subscriptions.api.kit.problems import list_errors
from subscriptions.models import Company

from .kinds import KNOWN, NEW, Kind
from .lines import Line

BATCH = 500  # lines held at a time


@dataclass(frozen=True)
class Wrong:
    line: int
    where: str  # the column; empty: the whole line
    words: str


@dataclass
class Counts:
    lines: int = 0
    new: int = 0
    known: int = 0
    wrong: int = 0
    examples: list[Mapping[str, Any]] = field(default_factory=list)  # the first that would be made


@dataclass(frozen=True)
class Import:
    company: Company
    kind: Kind
    source: str  # external_source where a line names none
    publish: bool
    preview: bool
    cells: bool  # the values are texts of a CSV file
    tell: Callable[[Wrong], None]
    progress: Callable[[Counts], None]
    # Digests of what a preview found to be new: it leaves nothing in the database to see a twin by.
    seen: set[int] = field(default_factory=set)

    def run(self, lines: Iterable[Line]) -> Counts:
        counts, zone = Counts(), ZoneInfo(self.company.time_zone)
        iterator = iter(lines)
        while batch := list(islice(iterator, BATCH)):
            accepted: list[tuple[int, dict[str, Any]]] = []
            refused: list[tuple[int, Exception]] = []
            for line in batch:
                counts.lines += 1
                try:
                    if line.error:
                        raise ValidationError(line.error)
                    values = self.kind.values(line.said, zone=zone, source=self.source, cells=self.cells)
                    accepted.append((line.number, values))
                except ValidationError as error:
                    refused.append((line.number, error))
            refused += self._bring_in(counts, accepted)
            counts.wrong += len(refused)
            for number, why in sorted(refused, key=lambda each: each[0]):
                for wrong in _words(number, why):
                    self.tell(wrong)
            self.progress(counts)
        return counts

    def _bring_in(self, counts: Counts, accepted: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, Exception]]:
        """Those that were refused."""
        refused: list[tuple[int, Exception]] = []
        if self.preview:
            # All as it would be, with everything that only the database knows; then taken back.
            with transaction.atomic():
                outcomes = self.kind.bring_in(self.company, [values for _, values in accepted], False)
                transaction.set_rollback(True)
        else:
            outcomes = self.kind.bring_in(self.company, [values for _, values in accepted], self.publish)
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
                    if len(counts.examples) < 3:
                        counts.examples.append(values)
            else:
                counts.known += 1
        return refused


def _digest(source: str, external_id: str) -> int:
    """63 bits, the same in every process: a preview may go on in another one."""
    whole = sha256(f"{source}\x00{external_id}".encode()).digest()
    return int.from_bytes(whole[:8], "big") >> 1


def _words(number: int, error: Exception) -> Iterator[Wrong]:
    for each in list_errors(error):
        yield Wrong(number, each.get("pointer", "").removeprefix("#").strip("/"), each["detail"])
