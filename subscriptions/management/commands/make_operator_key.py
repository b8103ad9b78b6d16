from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from subscriptions.models import ApiKey

from ...tenancy import audit_log


class Command(BaseCommand):
    help = "Create an operator's API key, which acts for every company. It is printed once and cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what uses it, for example: billing")
        parser.add_argument(
            "--scope",
            action="append",
            choices=ApiKey.Scope.values,
            help="what it may do; repeat it for several scopes (default: all)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            key, secret = ApiKey.objects.issue(
                company=None, name=options["name"][:100], scopes=options["scope"], made_by="make_operator_key"
            )
            audit_log.record(audit_log.SERVICE, "Made an operator's key", key, detail="manage.py make_operator_key")
        self.stdout.write(secret)
