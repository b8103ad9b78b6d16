from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Q

from ...endpoints import destinations, operations
from ...maintenance import copies
from ...models import AlertDestination, DrainSlot, Subscription
from ...worker import drains


class Command(BaseCommand):
    help = (
        "Let this database send from now on. A copy that was restored or recovered is quiet until then, so that it "
        "does not send what the original sends too. Make sure that the original sends no more."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--pause",
            action="store_true",
            help="for a test copy: first pause all subscriptions and turn off all alert destinations",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        why = copies.explain()
        if options["pause"]:
            self.stdout.write(f"{_pause_all():,} subscriptions are paused.")
        copies.release()
        DrainSlot.objects.update(queued_at=None)  # of the original, or of a drain that found the copy quiet
        drains.queue_missing_drains()
        self.stdout.write("Released: this database sends." if why else "This database was no copy: it sends as before.")


def _pause_all() -> int:
    paused = 0
    for destination in AlertDestination.objects.filter(active=True).iterator():
        destinations.turn(destination, on=False)
    for subscription in Subscription.objects.filter(Q(state=Subscription.State.ACTIVE) | Q(resuming=True)).iterator():
        operations.pause(subscription)
        paused += 1
    return paused
