"""`audit`, also `check_integrity`: the integrity check of the outbox on the command line."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ...maintenance.integrity_check import Finding, as_json, check_integrity, is_sound

DEFAULT_HOURS = 25.0  # a daily run leaves no gap


class Command(BaseCommand):
    help = "Check that no event is lost and nothing is stuck. Exit code 0 when all is sound, 1 otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        span = parser.add_mutually_exclusive_group()
        span.add_argument(
            "--since",
            type=float,
            default=DEFAULT_HOURS,
            metavar="HOURS",
            help="check the last HOURS hours (default: %(default)g)",
        )
        span.add_argument("--all", action="store_true", help="check everything; slow on large tables")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        hours = None if options["all"] else max(0.0, options["since"])
        findings = check_integrity(seconds=None if hours is None else hours * 3600)
        good = is_sound(findings)
        if options["json"]:
            result = {
                "sound": good,
                "hours": hours,
                "seconds": round(time.monotonic() - began, 2),
                "checks": as_json(findings),
            }
            self.stdout.write(json.dumps(result))
        else:
            self._table(findings, good, "everything" if hours is None else f"the last {hours:g} hours")
        if not good:
            sys.exit(1)

    def _table(self, findings: list[Finding], good: bool, span: str) -> None:
        for finding in findings:
            self.stdout.write(f"{finding.count:>8}  {finding.means}")
            if finding.examples:
                more = ", …" if finding.count > len(finding.examples) else ""
                self.stdout.write(f"{'':8}  {finding.name}: {', '.join(finding.examples)}{more}")
        self.stdout.write(f"Sound: {span}." if good else f"NOT sound: {span}; see the lines above.")
