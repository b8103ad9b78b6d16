from __future__ import annotations

import getpass
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from subscriptions.admin.kit.export import SafeWriter
from subscriptions.models import Company
from subscriptions.tenancy.audit_log import Actor, record

from ...importer import Counts, Importer, LineError
from ...kinds import KINDS, Kind
from ...lines import BadFile, Line, read_csv, read_json_lines

PROGRESS_SECONDS = 2.0
MOST_SHOWN = 20  # errors on the screen; the file has all


class Command(BaseCommand):
    help = (
        "Import past calls, texts or forms from a CSV or JSON Lines file. You can run it again: what is known already "
        "stays unchanged. The exit code is 0 if every line was good, else 1. See docs/import.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS))
        parser.add_argument("file", type=Path, help="*.csv, or *.jsonl (one JSON object in each line)")
        parser.add_argument("--company", required=True, metavar="ID", help="its number, or its COM… id")
        parser.add_argument("--preview", action="store_true", help="show what would be created, and create nothing")
        parser.add_argument("--publish", action="store_true", help="send webhooks as if it happened now")
        parser.add_argument("--source", default="import", help="external_source of lines without one (%(default)s)")
        parser.add_argument(
            "--column", action="append", default=[], metavar="THEIRS=OURS",
            help="rename a column, or skip it with an empty OURS; repeat it for more columns",
        )  # fmt: skip
        parser.add_argument("--format", choices=["csv", "jsonl"], help="if the file's name does not say it")
        parser.add_argument("--encoding", default="utf-8-sig", help="of the file, such as cp1252 (UTF-8)")
        parser.add_argument("--errors", type=Path, metavar="PATH", help="where to write the errors (FILE.errors.csv)")

    def handle(self, *args: Any, **options: Any) -> None:
        company, kind, path = _find_company(options["company"]), KINDS[options["kind"]], options["file"]
        if not 1 <= len(options["source"]) <= 40:
            raise CommandError("--source must have 1 to 40 characters.")
        cells = (options["format"] or path.suffix.lower().lstrip(".")) == "csv"
        if not options["format"] and path.suffix.lower() not in (".csv", ".jsonl", ".ndjson"):
            raise CommandError("Add --format csv or --format jsonl: the file's name does not say which it is.")
        errors = options["errors"] or path.with_name(f"{path.name}.errors.csv")
        began = time.monotonic()
        with ExitStack() as stack:
            try:
                raw = stack.enter_context(path.open("rb"))
                # A line in another encoding is an error of that line alone.
                file = TextIOWrapper(raw, encoding=options["encoding"], errors="surrogateescape", newline="")
            except (OSError, LookupError) as error:
                raise CommandError(f"{path} cannot be read: {error}.") from None
            log = stack.enter_context(_ErrorLog(errors, self.stderr))
            size = max(1, os.fstat(raw.fileno()).st_size)
            progress = _Progress(lambda: raw.tell() / size, self.stderr)
            importer = Importer(
                company, kind, options["source"], options["publish"], options["preview"], cells, log.write, progress
            )
            counts = Counts()
            try:
                counts = importer.run(
                    _rename_columns(_read_lines(file, kind, cells, options["column"]), options["column"])
                )
            except BadFile as error:
                raise CommandError(str(error)) from None
            finally:
                counts = progress.counts if not counts.lines else counts
                if counts.new and not options["preview"]:
                    self._record(company, kind, path, counts, options["publish"])
        self._print_result(company, kind, counts, options, time.monotonic() - began)
        if counts.wrong:
            raise CommandError(f"{counts.wrong:,} lines are wrong: see {errors}. Fix them and run it again.")

    def _record(self, company: Company, kind: Kind, path: Path, counts: Counts, publish: bool) -> None:
        how = "with webhooks" if publish else "without webhooks"
        detail = f"{counts.new} {kind.name} from {path.name}, {how}; {counts.known} known, {counts.wrong} wrong"
        who = Actor(f"import_data ({getpass.getuser()})")
        record(who, "Imported", company, company=company, detail=detail)

    def _print_result(
        self, company: Company, kind: Kind, counts: Counts, options: Mapping[str, Any], seconds: float
    ) -> None:
        out = self.stdout
        would = "would be " if options["preview"] else ""
        out.write(f"{counts.new:>9,} {kind.name} {would}created in {company.name}")
        out.write(f"{counts.known:>9,} are known already and stay unchanged")
        out.write(f"{counts.wrong:>9,} lines are wrong")
        if options["publish"]:
            out.write(f"Webhooks {'would be' if options['preview'] else 'are'} sent for each new one.")
        else:
            out.write("No webhooks: add --publish to send them.")
        for number, values in enumerate(counts.examples):
            out.write("For example:" if not number else "")
            for name, value in values.items():
                out.write(f"  {name}: {str(value)[:100]}")
        out.write(f"{counts.lines:,} lines in {seconds:,.1f} s.")


def _find_company(given: str) -> Company:
    known = Company.objects.filter(pk=int(given)) if given.isdecimal() else Company.objects.filter(resource_id=given)
    company = known.first()
    if company is None:
        raise CommandError(f"There is no company {given}. Its COM… id is on its page in the admin.")
    return company


def _parse_mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        theirs, equals, ours = pair.partition("=")
        if not equals or not theirs:
            raise CommandError(f"--column {pair}: write THEIRS=OURS, such as --column 'Caller=customer_phone_number'.")
        mapping[theirs] = ours
    return mapping


def _read_lines(file: TextIOWrapper, kind: Kind, cells: bool, pairs: list[str]) -> Iterator[Line]:
    if not cells:
        return read_json_lines(file)
    mapping = _parse_mapping(pairs)
    renamed = {theirs.lower().replace(" ", "_") for theirs in mapping}  # these are matched exactly
    columns, lines = read_csv(file, [name for name in kind.columns if name not in renamed])
    if missing := [theirs for theirs in mapping if theirs not in columns]:
        raise CommandError(f"The file has no column {', '.join(missing)}. It has: {', '.join(columns)}.")
    ours = [name for theirs in columns if (name := mapping.get(theirs, theirs))]
    unknown = [name for name in ours if name not in kind.columns]
    if unknown and not kind.accepts_other_columns:
        raise CommandError(
            f"Unknown columns: {', '.join(unknown)}. Rename them with --column THEIRS=OURS, or skip one with "
            f"--column THEIRS=. Known columns: {', '.join(kind.columns)}."
        )
    return lines


def _rename_columns(lines: Iterator[Line], pairs: list[str]) -> Iterator[Line]:
    mapping = _parse_mapping(pairs)
    if not mapping:
        return lines

    def rename(values: Mapping[str, Any]) -> dict[str, Any]:
        new = ((mapping.get(name, name), value) for name, value in values.items())
        return {name: value for name, value in new if name}

    return (replace(line, values=rename(line.values)) for line in lines)


class _Progress:
    """Prints a line every few seconds."""

    def __init__(self, share: Any, stderr: Any) -> None:
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


class _ErrorLog:
    """Writes all errors to a file, created with the first; prints the first few too."""

    def __init__(self, path: Path, stderr: Any) -> None:
        self._path, self._stderr = path, stderr
        self._stack = ExitStack()
        self._writer: Any = None
        self._count = 0

    def __enter__(self) -> _ErrorLog:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, error: LineError) -> None:
        if self._writer is None:
            file = self._stack.enter_context(self._path.open("w", newline="", encoding="utf-8"))
            self._writer = SafeWriter(file)
            self._writer.write(["line", "column", "error"])
        self._writer.write([error.line, error.where, error.words])
        self._count += 1
        if self._count <= MOST_SHOWN:
            self._stderr.write(f"Line {error.line}: {error.where}{': ' if error.where else ''}{error.words}")
        elif self._count == MOST_SHOWN + 1:
            self._stderr.write(f"More errors follow in {self._path}.")
