from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from callhooks_site.devtools.demo_company import prepare


class Command(BaseCommand):
    help = "Migrate, and make or find the demo company with its login, API key and subscription."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"The demo's login and keys are in {prepare()}.")
