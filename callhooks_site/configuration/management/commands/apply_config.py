from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...applying import Change, apply, wanted
from ...reading import BadConfiguration, printable, read

CHANGES = 2  # the exit code of a plan that has some


class Command(BaseCommand):
    help = (
        "Make companies as a YAML file says: docs/configuration-as-code.md. The plan is shown first; if a part of the "
        "file is wrong, nothing is changed. With --plan nothing is changed, and the exit code is 2 if something would."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file; - reads it from standard input")
        parser.add_argument("--plan", action="store_true", help="only say what would change")
        parser.add_argument("--prune", action="store_true", help="take away what these companies have beside the file")
        parser.add_argument("--company", action="append", default=[], help="only this one, by name; may be repeated")

    def handle(self, *args: Any, **options: Any) -> None:
        name, prune = options["file"], options["prune"]
        try:
            document = read(sys.stdin.read() if name == "-" else Path(name).read_text("utf-8"), name)
            chosen = wanted(document, options["company"])
            planned = [
                change for place, given in chosen for change in apply(document, place, given, prune=prune, plan=True)
            ]
            self._show(planned)
            if options["plan"]:
                if planned:
                    sys.exit(CHANGES)
                return
            done = [
                change for place, given in chosen for change in apply(document, place, given, prune=prune, plan=False)
            ]
        except (BadConfiguration, OSError, UnicodeDecodeError) as error:
            raise CommandError(printable(str(error))) from None
        self.stdout.write(f"{len(done)} changes made.")

    def _show(self, changes: list[Change]) -> None:
        for change in changes:
            self.stdout.write(str(change))
        if not changes:
            self.stdout.write("Nothing to change.")
