"""`remove_second_factor USERNAME`: for a user who lost both their app and their recovery codes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from callhooks_site.security.models import remove_second_factor


class Command(BaseCommand):
    help = "Turn off two-step login for a user. First make sure that the request really comes from them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *, username: str, **_: Any) -> None:
        user = get_user_model().objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        had = remove_second_factor(user)
        self.stdout.write("Two-step login is off: the password is enough now." if had else "It was not on.")
