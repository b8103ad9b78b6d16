from __future__ import annotations

from django.db import models


class DrainSlot(models.Model):
    """A slot for one running drain, with its heartbeat for people to see. What keeps two drains out of one slot is an
    advisory lock of the drain's connection: a killed drain frees its slot at once."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    host = models.CharField(max_length=100, blank=True)
    pid = models.PositiveIntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Drain {self.number}"
