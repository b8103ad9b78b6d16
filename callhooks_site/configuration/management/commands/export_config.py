from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...exporting import export
from ...reading import BadConfiguration, printable


class Command(BaseCommand):
    help = "Print the configuration of companies as YAML, without secrets. apply_config makes it so elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", action="append", default=[], help="only this one, by name; may be repeated")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(export(options["company"]), ending="")
        except BadConfiguration as error:
            raise CommandError(printable(str(error))) from None
