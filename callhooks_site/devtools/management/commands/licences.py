"""`./dev licences`: regenerate docs/licences.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tests.tools.licences import PAGE, page


class Command(BaseCommand):
    help = "Write docs/licences.md from the metadata of the installed packages."
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        PAGE.write_text(page())
        self.stdout.write(f"{PAGE.name} is written.")
