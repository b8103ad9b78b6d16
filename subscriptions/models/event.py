from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from ..lib.ids import uuid7
from .company import Company


class EventStream(models.Model):
    """The events of one subject in order, and what is needed to decide on the next.

    It stands beside the subject's own row because a save of a stale object writes every column of that row: a call
    loaded an hour ago and saved now must not forget that its post_call has been sent.

    Invariants
    - Whoever publishes for a subject holds this row's lock until the transaction ends: sequences have no twins, and a
      `once` event cannot be published by two transactions.
    - `xact` is the transaction that wrote last. `watched_before` is what was known before that transaction, so that
      all changes of one transaction are told as one.
    """

    subject_id = models.CharField(max_length=35, primary_key=True)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    last_sequence = models.PositiveIntegerField(default=0)
    fired = ArrayField(models.CharField(max_length=40), default=list)
    watched = models.JSONField(default=dict)
    watched_before = models.JSONField(default=dict)
    wake_at = models.DateTimeField(null=True)
    xact = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            # The sweep for subjects whose waiting time is over.
            models.Index("wake_at", condition=models.Q(wake_at__isnull=False), name="event_stream_wake"),
        ]

    def __str__(self) -> str:
        return self.subject_id


class Event(models.Model):
    """Something that happened, with the body that every webhook about it carries, fixed as bytes when it happened."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="events", db_index=False)
    type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=35)
    sequence = models.PositiveIntegerField()
    body = models.BinaryField()
    xact = models.BigIntegerField(default=0)
    # How many subscriptions it matched when it happened: as many deliveries there are, or something was lost.
    fan_out = models.PositiveIntegerField(default=0, db_default=0)
    test = models.BooleanField(default=False, db_default=False)  # made up, for one subscription (`trial_events.py`)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "sequence"], name="event_sequence_of_subject"),
        ]
        indexes = [
            # A company's events, newest first.
            models.Index("company", models.F("created_at").desc(), models.F("id").desc(), name="event_of_company"),
            # A company's events of one type, and along them its deliveries by type.
            models.Index(
                "company",
                "type",
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="event_of_type",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"

    @property
    def webhook_id(self) -> str:
        """The `webhook-id` header: the same for every attempt at every subscriber."""
        return f"evt_{self.id.hex}"
