from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from callhooks_site.devtools.month.fill import COMPANY, fill_month


class Command(BaseCommand):
    help = "Put an invented month of a company into the database: 3,000 calls, texts and forms, and their webhooks."

    def handle(self, *args: Any, **options: Any) -> None:
        path = fill_month(self.stdout.write)
        demo = json.loads(path.read_text("utf-8"))
        self.stdout.write(
            f"{COMPANY} has its month. Log in at {demo['admin_url']} as {demo['month_user']} with the password "
            f"{demo['month_password']}."
        )
