from __future__ import annotations

from django.db import models


class DrainSlot(models.Model):
    """A place for one running drain, with its heartbeat. The lock that keeps two drains off a slot is PostgreSQL's
    (`pg_try_advisory_lock`): it ends with the drain's connection, so a killed drain frees its slot at once."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    host = models.CharField(max_length=100, blank=True)
    pid = models.PositiveIntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Drain {self.number}"
