from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from subscriptions.models import ApiKey

from ...tenancy import audit_log


class Command(BaseCommand):
    help = "Revoke an operator's API key, and the keys that were created with it. They stop working at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", help="the first characters of the key, such as chk_a1B2c3D4")
        parser.add_argument(
            "--keep-created", action="store_true", help="keys of companies that were created with it stay valid"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            keys = ApiKey.objects.select_for_update().filter(company=None, revoked_at=None)
            found = list(keys.filter(prefix__startswith=options["prefix"]))
            if len(found) != 1:
                known = ", ".join(f"{key.prefix}… ({key.name})" for key in keys) or "none"
                raise CommandError(f"{len(found)} keys begin with that. Operators' usable keys: {known}.")
            if options["keep_created"]:
                found[0].children.update(parent=None)
            _, *children = ApiKey.objects.revoke([found[0].pk])
            audit_log.record(audit_log.SERVICE, "Revoked an operator's key", found[0])
            for key in children:
                audit_log.record(audit_log.SERVICE, "Revoked an API key", key)
        also = f" So are {len(children)} keys that were created with it." if children else ""
        self.stdout.write(f"{found[0]} is revoked.{also}")
