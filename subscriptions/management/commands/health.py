from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ...database import checks
from ...worker.health import look


class Command(BaseCommand):
    help = "Check that deliveries are being made. Exit code 0 when all is well, 1 otherwise."
    # It must work when other things are broken.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of words")

    def handle(self, *args: Any, **options: Any) -> None:
        health = look()
        findings = checks.of_all() if health.database else []
        health.ills.extend(finding.text for finding in findings if finding.fatal)
        notes = [finding.text for finding in findings if not finding.fatal]
        if options["json"]:
            self.stdout.write(json.dumps({"well": health.well, **asdict(health), "notes": notes}))
        else:
            self.stdout.write(f"Database      {'answers' if health.database else 'does not answer'}")
            if health.database:
                heartbeat = "never" if health.beat_seconds is None else f"{health.beat_seconds:.0f} s ago"
                self.stdout.write(
                    f"Drains        {health.drains} of {health.drains_wanted} work; last heartbeat {heartbeat}"
                )
                self.stdout.write(f"Oldest due    {health.oldest_due_seconds:.0f} s")
            self.stdout.write("\n".join([*health.ills, *notes]) or "All is well.")
        if not health.well:
            sys.exit(1)
