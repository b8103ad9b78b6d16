"""`./dev capture`: write the newest capture script from its parts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from forms_intake.web import script, script_source


class Command(BaseCommand):
    help = "Write the capture script from forms_intake/capture/source, as a new version if the newest is released."
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        newest = script_source.list_files()[-1]
        if script.list_versions()[-1].name in script_source.list_released():
            number = script_source.number_of(newest) + 1
            newest = script_source.FOLDER / f"capture-{number}.js"
        content = script_source.build()
        newest.write_text(content)
        self.stdout.write(f"{newest.name} is written: {len(content.encode()):,} bytes.")
