"""`rotate_encryption_keys`: write every stored secret again with the first key of FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...maintenance.key_rotation import Progress, rotate

TOLD_EVERY = 1000  # rows
SHOWN = 10


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the first key of FIELD_ENCRYPTION_KEYS, so that older keys can be taken out. "
        "May run beside the service, be stopped, and be run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if an older key is still needed")

    def handle(self, *, check: bool, **_: Any) -> None:
        models: dict[str, Progress] = {}
        for progress in rotate(write=not check):
            models[progress.model] = progress
            if progress.rows and progress.rows % TOLD_EVERY == 0:
                self.stdout.write(f"{progress.model}: {progress.rows:,} rows so far")
        for name, progress in models.items():
            done = "under an older key" if check else "written again"
            self.stdout.write(f"{name}: {progress.rows:,} rows, {progress.reencrypted:,} values {done}")
        unreadable = [f"{name} {which}" for name, progress in models.items() for which in progress.unreadable]
        if unreadable:
            more = f" and {len(unreadable) - SHOWN} more" if len(unreadable) > SHOWN else ""
            raise CommandError(
                f"No key opens: {', '.join(unreadable[:SHOWN])}{more}. Put the key they were written with back into "
                "FIELD_ENCRYPTION_KEYS and run this again."
            )
        older = sum(progress.reencrypted for progress in models.values())
        if check and older:
            raise CommandError("An older key is still needed. Run this without --check first.")
        self.stdout.write("The first key opens everything; the others can be taken out.")
