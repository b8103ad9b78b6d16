"""`./dev capture`: make the newest capture script from its parts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from forms_intake.web import script, script_source
from tests.tools.capture import minify


class Command(BaseCommand):
    help = (
        "Make the capture script from forms_intake/capture/source: a new version if the newest is released. Needs node."
    )
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        newest = script_source.list_files()[-1]
        if script.list_versions()[-1].name in script_source.list_released():
            newest = script_source.FOLDER / f"capture-{script_source.number_of(newest) + 1}.js"
        content = minify(script_source.join_parts())
        script_source.write(newest, content)
        self.stdout.write(f"{newest.name} is written: {len(content.encode()):,} bytes.")
