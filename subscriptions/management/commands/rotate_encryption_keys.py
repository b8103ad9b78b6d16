"""`rotate_encryption_keys`: encrypt every stored secret with the first key of FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...maintenance.key_rotation import Progress, rotate

PROGRESS_EVERY = 1000  # rows
MOST_SHOWN = 10


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the first key of FIELD_ENCRYPTION_KEYS, so that older keys can be removed. "
        "It can run while the service runs, and can be stopped and run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail if an older key is still needed")

    def handle(self, *, check: bool, **_: Any) -> None:
        models: dict[str, Progress] = {}
        for progress in rotate(write=not check):
            models[progress.model] = progress
            if progress.rows and progress.rows % PROGRESS_EVERY == 0:
                self.stdout.write(f"{progress.model}: {progress.rows:,} rows so far")
        for name, progress in models.items():
            done = "still use an older key" if check else "re-encrypted"
            self.stdout.write(f"{name}: {progress.rows:,} rows, {progress.reencrypted:,} values {done}")
        unreadable = [f"{name} {which}" for name, progress in models.items() for which in progress.unreadable]
        if unreadable:
            more = f" and {len(unreadable) - MOST_SHOWN} more" if len(unreadable) > MOST_SHOWN else ""
            raise CommandError(
                f"No key decrypts: {', '.join(unreadable[:MOST_SHOWN])}{more}. Add the key they were encrypted with to "
                "FIELD_ENCRYPTION_KEYS again, and rerun this command."
            )
        older = sum(progress.reencrypted for progress in models.values())
        if check and older:
            raise CommandError("An older key is still needed. First run this command without --check.")
        self.stdout.write("The first key decrypts everything; the others can be removed.")
