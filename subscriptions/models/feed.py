"""The feed of a company's events (`subscriptions/feed`): where it stands, and how far its consumers have read."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

from .company import Company
from .subscription import Subscription


class FeedState(models.Model):
    """One row. A position is the number of the transaction that published the event, plus `base`.

    PostgreSQL counts transactions from the beginning again when a dump is restored into a new server. Then `base` is
    raised above `highest`, so that new events come after all old ones (`feed/horizon.py`)."""

    base = models.BigIntegerField(default=0)
    highest = models.BigIntegerField(default=0)  # no position above it was there when it was last looked at

    def __str__(self) -> str:
        return f"Feed from {self.base}"


class FeedStart(models.Model):
    """Where what is kept of a company's feed begins: an event, or a delivery of one, up to this position was deleted
    because it had expired. A consumer that has read less far than this has missed something."""

    company = models.OneToOneField(Company, models.CASCADE, primary_key=True, related_name="+")
    deleted_to = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.company_id} after {self.deleted_to}"


class FeedConsumer(models.Model):
    """A program that reads a company's feed, and whose place is kept here. It asks by its name, and says up to where it
    has what it read. `subscription` or `types` narrow what it reads."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="feed_consumers", db_index=False)
    name = models.CharField(
        max_length=50,
        validators=[RegexValidator(r"\A[a-z0-9][a-z0-9_-]*\Z", "Use small letters, digits, - and _.")],
        help_text="Small letters, digits, - and _.",
    )
    subscription = models.ForeignKey(
        Subscription,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="feed_consumers",
        help_text="Reads what this subscription gets. Empty: all events of the company.",
    )
    types = ArrayField(models.CharField(max_length=40), default=list, blank=True)  # empty: all
    # The place: everything up to this event has been acknowledged. 0 and null: nothing yet.
    position = models.BigIntegerField(default=0, editable=False)
    event_id = models.UUIDField(null=True, editable=False)
    acknowledged_at = models.DateTimeField(null=True, editable=False)
    heard_at = models.DateTimeField(null=True, editable=False)  # when it last read or acknowledged, to the minute
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["company", "name"], name="feed_consumer_name")]

    def __str__(self) -> str:
        return self.name
