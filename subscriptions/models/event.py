from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now

from ..events.versions import LONGEST_NAME
from ..lib.ids import uuid7
from .company import Company
from .fields import TransactionNumber


class EventStream(models.Model):
    """The sequence of one subject's events, and what is needed to decide on the next one.

    It is a table of its own because saving a stale object writes every column of the subject's row: a call that was
    loaded an hour ago and is saved now must not forget that its post_call has been sent.

    Invariants
    - A publisher locks the subject's row here until its transaction ends: no sequence number is used twice, and two
      transactions cannot publish the same `once` event.
    - `xact` is the last transaction that wrote the row. `watched_before` holds the digests before that transaction, so
      that all changes of one transaction become one event.
    """

    subject_id = models.CharField(max_length=35, primary_key=True)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    last_sequence = models.IntegerField(default=0)
    fired = ArrayField(models.CharField(max_length=40), default=list)
    watched = models.JSONField(default=dict)
    watched_before = models.JSONField(default=dict)
    wake_at = models.DateTimeField(null=True)
    xact = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            # To find subjects whose wait is over.
            models.Index("wake_at", condition=models.Q(wake_at__isnull=False), name="event_stream_wake"),
        ]

    def __str__(self) -> str:
        return self.subject_id


class Event(models.Model):
    """Something that happened, with the body of its webhooks: bytes that never change after the transaction.

    `body` is that of the default payload version; empty for an event that is not sent in it. Those of other versions
    are in `EventBody`, one for each version that a subscription wanted when it happened."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="events", db_index=False)
    type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=35)
    sequence = models.IntegerField(validators=[MinValueValidator(0)])
    body = models.BinaryField()
    xact = models.BigIntegerField(default=0)
    # How many subscriptions it matched when it happened. The integrity check compares it with its deliveries.
    fan_out = models.IntegerField(default=0, db_default=0)
    test = models.BooleanField(default=False, db_default=False)  # an example, for one subscription (`test_events.py`)
    created_at = models.DateTimeField(db_default=Now())
    # In the company's feed, which is sorted by it and by id: the number of the transaction that published it. Where a
    # dump was restored, the column's default adds a number (`feed/horizon.py`). 0: from before there was a feed.
    position = models.BigIntegerField(db_default=TransactionNumber(), editable=False)
    # The person whom it is about was erased (`events/erasing.py`): of its bodies there are hashes.
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "sequence"], name="event_sequence_of_subject"),
        ]
        indexes = [
            # A company's events, newest first.
            models.Index("company", models.F("created_at").desc(), models.F("id").desc(), name="event_of_company"),
            # A company's events of one type, and through them its deliveries by type.
            models.Index(
                "company",
                "type",
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="event_of_type",
            ),
            # A company's feed, oldest first.
            models.Index("company", "position", "id", name="event_of_feed"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"

    @property
    def webhook_id(self) -> str:
        """The `webhook-id` header: the same in every attempt for every subscription."""
        return f"evt_{self.id.hex}"


class EventBody(models.Model):
    """The body of an event in another payload version than the default, never changed after the transaction."""

    pk = models.CompositePrimaryKey("event", "version")
    event = models.ForeignKey(Event, models.CASCADE, related_name="other_bodies", db_index=False)
    version = models.CharField(max_length=LONGEST_NAME)
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.event_id} {self.version}"


class ShapedBody(models.Model):
    """The body of an event for a subscription with a shape of its own (`events/shapes`), never changed once it was
    sent. `headers` are those that its format brings."""

    pk = models.CompositePrimaryKey("event", "subscription_id")
    event = models.ForeignKey(Event, models.CASCADE, related_name="shaped_bodies", db_index=False)
    # A number, not a foreign key: its delivery has that, and subscriptions are never deleted.
    subscription_id = models.BigIntegerField()
    body = models.BinaryField()
    headers = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.event_id} for {self.subscription_id}"
