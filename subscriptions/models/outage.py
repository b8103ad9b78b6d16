from __future__ import annotations

from django.db import models


class ServiceOutage(models.Model):
    """A time in which this service could reach nearly nobody, by its own fault (`delivery/outages.py`)."""

    ongoing = models.BooleanField(null=True, unique=True)  # true while it lasts, then null: one lasts at a time
    began_at = models.DateTimeField()
    noticed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    hosts = models.PositiveIntegerField()
    companies = models.PositiveIntegerField()
    errors = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"Outage of {self.began_at:%Y-%m-%d %H:%M}"
