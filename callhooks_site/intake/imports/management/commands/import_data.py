from __future__ import annotations

import getpass
import json
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from subscriptions.models import Company
from subscriptions.tenancy.audit_log import Actor, record

from ...bad_file import BadFile
from ...command_mapping import choose_mapping
from ...command_output import ErrorLog, Progress, build_result, write_result
from ...importer import Counts, Importer
from ...kinds import KINDS, Kind
from ...moments import DATE_ORDERS
from ...presets import PRESETS
from ...table import Table, find_form, open_table


class Command(BaseCommand):
    help = (
        "Import past calls, texts or forms from a CSV, JSON Lines or .xlsx file. You can run it again: what is known "
        "already stays unchanged. The exit code is 0 if every line was good, else 1. See docs/import.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS))
        parser.add_argument("file", type=Path, help="*.csv, *.xlsx, or *.jsonl (one JSON object in each line)")
        parser.add_argument("--company", required=True, metavar="ID", help="its number, or its COM… id")
        parser.add_argument("--preview", action="store_true", help="show what would be created, and create nothing")
        parser.add_argument("--publish", action="store_true", help="send webhooks as if it happened now")
        parser.add_argument("--source", help="external_source of lines without one (the preset's name, or import)")
        parser.add_argument(
            "--preset", choices=[*PRESETS, "guess"],
            help="the system that wrote the file; guess: find out by the names of the columns",
        )  # fmt: skip
        parser.add_argument(
            "--map", "--column", dest="map", action="append", default=[], metavar="COLUMN=FIELD",
            help="what a column is; an empty FIELD leaves it out. Repeat it for more columns",
        )  # fmt: skip
        parser.add_argument(
            "--set", action="append", default=[], metavar="FIELD=VALUE",
            help="the value of lines that say nothing else, such as direction=inbound. Repeat it for more fields",
        )  # fmt: skip
        parser.add_argument("--dates", choices=DATE_ORDERS, help="11/3/2026 is 3 November (us) or 11 March (eu)")
        parser.add_argument("--zone", help="the time zone of times without an offset (the company's)")
        parser.add_argument("--sheet", default="", help="the sheet of a workbook (the first that is shown)")
        parser.add_argument("--format", choices=["csv", "jsonl", "xlsx"], help="if the file's name does not say it")
        parser.add_argument("--encoding", default="auto", help="of the file, such as cp1252 (found out by its bytes)")
        parser.add_argument("--errors", type=Path, metavar="PATH", help="where to write the errors (FILE.errors.csv)")
        parser.add_argument("--json", action="store_true", help="print the result as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        company, kind, path = _find_company(options["company"]), KINDS[options["kind"]], options["file"]
        form = options["format"] or find_form(path.name)
        if form is None:
            raise CommandError("Add --format csv, jsonl or xlsx: the file's name does not say which it is.")
        errors = options["errors"] or path.with_name(f"{path.name}.errors.csv")
        began = time.monotonic()
        with ExitStack() as stack:
            raw, table = _open(stack, path, form, options)
            mapping = choose_mapping(kind, table, options)
            source = options["source"] or mapping.preset or "import"
            if len(source) > 40:
                raise CommandError("--source must have 1 to 40 characters.")
            log = stack.enter_context(ErrorLog(errors, self.stderr))
            size = max(1, os.fstat(raw.fileno()).st_size)
            progress = Progress(lambda: raw.tell() / size, self.stderr)
            importer = Importer(
                company, kind, source, options["publish"], options["preview"], table.cells, log.write, progress, mapping
            )
            counts = Counts()
            try:
                counts = importer.run(table.lines)
            except BadFile as error:
                raise CommandError(str(error)) from None
            finally:
                counts = progress.counts if not counts.lines else counts
                if counts.new and not options["preview"]:
                    self._record(company, kind, path, counts, options["publish"])
        result = build_result(company, kind, mapping, table, counts, options, log, time.monotonic() - began)
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            write_result(result, self.stdout)
        if counts.wrong:
            raise CommandError(f"{counts.wrong:,} lines are wrong: see {errors}. Fix them and run it again.")

    def _record(self, company: Company, kind: Kind, path: Path, counts: Counts, publish: bool) -> None:
        how = "with webhooks" if publish else "without webhooks"
        detail = f"{counts.new} {kind.name} from {path.name}, {how}; {counts.known} known, {counts.wrong} wrong"
        who = Actor(f"import_data ({getpass.getuser()})")
        record(who, "Imported", company, company=company, detail=detail)


def _find_company(given: str) -> Company:
    known = Company.objects.filter(pk=int(given)) if given.isdecimal() else Company.objects.filter(resource_id=given)
    company = known.first()
    if company is None:
        raise CommandError(f"There is no company {given}. Its COM… id is on its page in the admin.")
    return company


def _open(stack: ExitStack, path: Path, form: Any, options: dict[str, Any]) -> tuple[Any, Table]:
    try:
        raw = stack.enter_context(path.open("rb"))
        table = open_table(raw, form, encoding=options["encoding"], sheet=options["sheet"])
        stack.callback(table.close)
        return raw, table
    except (OSError, LookupError) as error:
        raise CommandError(f"{path} cannot be read: {error}.") from None
    except BadFile as error:
        raise CommandError(str(error)) from None
