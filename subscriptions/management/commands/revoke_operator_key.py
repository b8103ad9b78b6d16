from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from subscriptions.models import ApiKey

from ...tenancy import audit_log


class Command(BaseCommand):
    help = "Revoke an operator's API key. Requests with it are refused from now on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", help="the first characters of the key, such as chk_a1B2c3D4")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            keys = ApiKey.objects.select_for_update().filter(company=None, revoked_at=None)
            found = list(keys.filter(prefix__startswith=options["prefix"]))
            if len(found) != 1:
                known = ", ".join(f"{key.prefix}… ({key.name})" for key in keys) or "none"
                raise CommandError(f"{len(found)} keys begin with that. Operators' usable keys: {known}.")
            found[0].revoked_at = timezone.now()
            found[0].save(update_fields=["revoked_at"])
            audit_log.record(audit_log.SERVICE, "Revoked an operator's key", found[0])
        self.stdout.write(f"{found[0]} is revoked.")
