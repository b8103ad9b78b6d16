"""Manifests (`feed/manifests`): what a subscription was to get on a day, so that its receiver can check."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from .company import Company
from .subscription import Subscription


class Manifest(models.Model):
    """The events of a subscription and a day (UTC). `document` is signed when it is read, and never changed: it names
    the hash of each page, and that of the document before it. Empty while it is being made."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="manifests", db_index=False)
    day = models.DateField()
    number = models.PositiveIntegerField()  # of the subscription's manifests, from 1
    events = models.PositiveIntegerField(default=0)
    delivered = models.PositiveIntegerField(default=0)  # of these events, when it was made
    document = models.BinaryField(default=b"")
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["subscription", "day"], name="manifest_of_day")]
        indexes = [
            # A company's, newest first.
            models.Index("company", models.F("day").desc(), models.F("id").desc(), name="manifest_of_company"),
            # For retention.
            models.Index("day", name="manifest_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class ManifestPage(models.Model):
    """Up to some thousands of a manifest's events, as compressed lines of JSON."""

    manifest = models.ForeignKey(Manifest, models.CASCADE, related_name="pages", db_index=False)
    number = models.PositiveIntegerField()  # from 1
    lines = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["manifest", "number"], name="manifest_page_number")]

    def __str__(self) -> str:
        return f"Page {self.number}"


class ManifestProgress(models.Model):
    """One row: manifests of all days up to `done` are made; of the day after, those of subscriptions up to `reached`.
    `waits_for`: a position of the feed; once all transactions below it are over, that day's rows are all there."""

    done = models.DateField(null=True)
    reached = models.BigIntegerField(default=0)
    waits_for = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"Manifests up to {self.done}"
