"""What the API remembers between two requests. Both tables are unlogged: they cost no write to the disk, and a crash
of the server forgets them."""

from __future__ import annotations

from django.db import models

from subscriptions.models import ApiKey


class RequestCount(models.Model):
    """How many requests a key has sent in the current hour and day (`throttling.py`)."""

    api_key = models.OneToOneField(ApiKey, models.CASCADE, primary_key=True, related_name="+")
    hour = models.DateTimeField()
    hourly = models.PositiveIntegerField()
    day = models.DateTimeField()
    daily = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"Requests of {self.api_key_id}"


class ListPosition(models.Model):
    """The page of a list that a key read last, and between which rows it lies (`positions.py`)."""

    pk = models.CompositePrimaryKey("api_key_id", "digest")
    api_key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=32)  # of the list and its parameters
    page = models.PositiveIntegerField()
    began_after = models.CharField(max_length=400, blank=True)
    ended_at = models.CharField(max_length=400)
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Page {self.page} of a list"
