from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from .company import Company
from .subscription import Subscription


class ResendJob(models.Model):
    """A request to send many deliveries again, done in the background (`subscriptions/endpoints/resend_jobs.py`), or to
    send past events to a subscription that did not get them (`subscriptions/past/jobs.py`).

    `cursor` is the id of the last delivery processed: after a restart the job continues there, and sends none twice.
    With past events it is `reached_at` and `reached`.
    """

    class Kind(models.TextChoices):
        AGAIN = "again", "Sent again"
        PAST = "past", "Past events"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    company = models.ForeignKey(Company, models.PROTECT, related_name="resend_jobs")
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="resend_jobs")
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.AGAIN, db_default=Kind.AGAIN.value)
    since = models.DateTimeField(help_text="Deliveries created from then on.")
    until = models.DateTimeField(help_text="Deliveries created before that.")
    states = models.JSONField(default=list)
    per_second = models.PositiveIntegerField(default=50)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    # Of past events: of which types; those that this other subscription got, or all; whether also those that the
    # subscription has already; whether also those without a body in its payload version, as they are stored.
    events = ArrayField(models.CharField(max_length=40), null=True)
    source = models.ForeignKey(Subscription, models.PROTECT, null=True, related_name="+", db_index=False)
    repeat = models.BooleanField(default=False, db_default=False)
    as_stored = models.BooleanField(default=False, db_default=False)
    # What was not sent: left out, there already, and what is no longer stored.
    filtered = models.PositiveIntegerField(default=0, db_default=0)
    had = models.PositiveIntegerField(default=0, db_default=0)
    gone = models.PositiveIntegerField(default=0, db_default=0)
    # The place of the last one that was looked at: its time, and its id as text.
    reached_at = models.DateTimeField(null=True)
    reached = models.CharField(max_length=36, default="", db_default="")
    waits_for = models.BigIntegerField(null=True)  # a position of the feed: below it all transactions are over
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    stepped_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "resend"
        indexes = [models.Index("id", condition=models.Q(state="running"), name="resend_job_running")]

    def __str__(self) -> str:
        return f"{self.total} past events" if self.kind == self.Kind.PAST else f"Resend of {self.total}"

    @property
    def looked_at(self) -> int:
        """How many of the total are done, whatever became of them."""
        return self.sent + self.filtered + self.had + self.gone
