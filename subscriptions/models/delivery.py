from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from ..delivery import batching
from ..events.versions import DEFAULT, LONGEST_NAME
from .company import Company
from .event import Event
from .subscription import Encoding, Subscription


class Delivery(models.Model):
    """One event for one subscription: a row of the outbox, and later of the log.

    Invariants (kept by the SQL in `delivery/outbox/`)
    - `pending`: `due_at` is set. Without a `claim` the row waits for that time. With one, a drain is sending it, and
      `due_at` is the end of its lease: if the drain dies, the row is due again then, and nothing needs repair.
    - `stage` of a pending row: `scheduled` until `due_at`, then `available` to a claim; `parked` while its endpoint
      can take nothing, and then the endpoint has a row in `EndpointQueue` that says until when. Claims look at
      available rows and ready endpoints only. Who sets `state` to pending sets `stage` too: available, or scheduled.
    - `attempts` is raised by the claim, before the request: an attempt that crashes is counted.
    - Only the drain that holds the `claim` writes the outcome.
    - `held`, `delivered`, `failed`, `cancelled`: `due_at` and `claim` are null; `reason` says why.
    """

    class State(models.TextChoices):
        PENDING = "pending", "On its way"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Cancelled"

    class Lane(models.IntegerChoices):
        FIRST = 0, "First try"
        LATE = 1, "Retry or resend"

    class Stage(models.IntegerChoices):
        SCHEDULED = 0, "Scheduled"
        AVAILABLE = 1, "Available"
        PARKED = 2, "Parked"
        TEST = 3, "Test to a paused subscription"

    class Batch(models.IntegerChoices):
        ALONE = batching.ALONE, "In a request of its own"
        JSON = batching.JSON, "With others"
        CLOUDEVENTS = batching.CLOUDEVENTS, "With others, as CloudEvents"

    company = models.ForeignKey(Company, models.PROTECT, related_name="deliveries", db_index=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries", db_index=False)
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="deliveries", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    attempts = models.IntegerField(default=0, db_default=0)
    # Number of attempts before the current round of the retry schedule: a resend starts a new round.
    round_began_after = models.IntegerField(default=0, db_default=0)
    # First tries have one lane; retries, resends and released deliveries the other, which gets the smaller share.
    lane = models.SmallIntegerField(choices=Lane.choices, default=Lane.FIRST, db_default=Lane.FIRST)
    # In this round it was brought forward because a later one arrived: that happens once.
    forwarded = models.BooleanField(default=False, db_default=False, editable=False)
    stage = models.SmallIntegerField(
        choices=Stage.choices, default=Stage.SCHEDULED, db_default=Stage.SCHEDULED, editable=False
    )
    # Of the body that it sends; those of its subscription when the event happened.
    payload_version = models.CharField(
        max_length=LONGEST_NAME, default=DEFAULT, db_default=DEFAULT, editable=False
    )  # fmt: skip
    encoding = models.CharField(
        max_length=4, choices=Encoding.choices, default=Encoding.JSON, db_default=Encoding.JSON.value, editable=False
    )
    shaped = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="True: its body was built for this subscription, which had a shape when the event happened.",
    )
    # Whether others may go in the same request, if its subscription still asks for that when it is sent.
    batch = models.SmallIntegerField(choices=Batch.choices, default=Batch.ALONE, db_default=Batch.ALONE, editable=False)
    due_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    status_code = models.SmallIntegerField(null=True, validators=[MinValueValidator(0)])
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "subscription"], name="delivery_once_per_subscription"),
            models.CheckConstraint(
                condition=Q(state="pending", due_at__isnull=False)
                | (~Q(state="pending") & Q(due_at__isnull=True, claim__isnull=True)),
                name="delivery_pending_is_scheduled",
            ),
            # A parked row that was cancelled and sent again would wait for an endpoint that wakes nobody.
            models.CheckConstraint(condition=~Q(stage=2) | Q(state="pending"), name="delivery_parked_is_pending"),
        ]
        indexes = [
            # What a claim looks at: the companies and endpoints that something is available for.
            models.Index("company", "subscription", condition=Q(state="pending", stage=1), name="delivery_available"),
            # What becomes available next, by time.
            models.Index(
                "due_at", condition=Q(state="pending", stage=0, claim__isnull=True), name="delivery_scheduled"
            ),
            # Test events to subscriptions that are paused.
            models.Index("id", condition=Q(state="pending", stage=3), name="delivery_paused_test"),
            # Whether an endpoint still has parked rows.
            models.Index("subscription", condition=Q(state="pending", stage=2), name="delivery_parked"),
            # For claims: an endpoint's due rows by lane, oldest first. Finished rows are not in it.
            models.Index("subscription", "lane", "due_at", condition=Q(state="pending"), name="delivery_due"),
            # How many deliveries are under way at an endpoint, and whose lease has ended.
            models.Index("subscription", "due_at", condition=Q(claim__isnull=False), name="delivery_under_way"),
            # The log of a company and of a subscription, newest first.
            models.Index("company", models.F("created_at").desc(), models.F("id").desc(), name="delivery_of_company"),
            models.Index(
                "subscription",
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="delivery_of_subscription",
            ),
            # What needs attention, and what a resume releases.
            models.Index(
                "subscription", "state", "id", condition=Q(state__in=["failed", "held"]), name="delivery_unsent"
            ),
            # The same for a company's log, newest first. Delivered rows are not in it.
            models.Index(
                "company",
                "state",
                models.F("created_at").desc(),
                models.F("id").desc(),
                condition=Q(state__in=["failed", "held", "cancelled"]),
                name="delivery_unsent_of_company",
            ),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"


class Attempt(models.Model):
    """One attempt: the request as it was sent, and the response. Written once."""

    class Outcome(models.TextChoices):
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"
        LOST = "lost", "Unknown: the worker stopped before the answer was recorded"

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempt_log", db_index=False)
    number = models.IntegerField(validators=[MinValueValidator(0)])
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    started_at = models.DateTimeField()
    duration_ms = models.IntegerField(null=True, validators=[MinValueValidator(0)])
    url = models.CharField(max_length=2048)
    request_headers = models.JSONField(default=list)
    status_code = models.SmallIntegerField(null=True, validators=[MinValueValidator(0)])
    response_headers = models.JSONField(default=list)
    response_body = models.BinaryField(default=b"")
    response_truncated = models.BooleanField(default=False)
    error = models.CharField(max_length=40, blank=True, default="")
    message = models.CharField(max_length=300, blank=True, default="")
    # The request, where several events went in it: the same for an attempt of each.
    batch = models.UUIDField(null=True)

    class Meta:
        ordering = ["delivery", "number"]
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number_of_delivery")]
        indexes = [
            # What went together.
            models.Index("batch", condition=Q(batch__isnull=False), name="attempt_of_batch"),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number}"
