from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from ...maintenance import upgrades


class Command(BaseCommand):
    help = (
        "Of an upgrade without a stop: apply the migrations that run before the new code, while the old code runs. "
        "When no old code is left, `migrate` applies the others. See docs/upgrading.md."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = upgrades.read_plan()
        except upgrades.NotInOrder as error:
            raise CommandError(str(error)) from None
        quiet = {"verbosity": options["verbosity"], "interactive": False}
        if not plan.after:
            call_command("migrate", **quiet)
        else:
            for app, name in upgrades.last_of_apps(plan.before).items():
                call_command("migrate", app, name, **quiet)
        left = ", ".join(f"{app}.{name}" for app, name in plan.after) or "none"
        self.stdout.write(f"Replace the old code now. Left for `migrate` afterwards: {left}.")
