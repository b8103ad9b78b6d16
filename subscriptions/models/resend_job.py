from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from .company import Company
from .subscription import Subscription


class ResendJob(models.Model):
    """A request to send many deliveries again, done in the background (`subscriptions/endpoints/resend_jobs.py`).

    `cursor` is the id of the last delivery processed: after a restart the job continues there, and sends none twice.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    company = models.ForeignKey(Company, models.PROTECT, related_name="resend_jobs")
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="resend_jobs")
    since = models.DateTimeField(help_text="Deliveries created from then on.")
    until = models.DateTimeField(help_text="Deliveries created before that.")
    states = models.JSONField(default=list)
    per_second = models.PositiveIntegerField(default=50)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    total = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    stepped_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "resend"
        indexes = [models.Index("id", condition=models.Q(state="running"), name="resend_job_running")]

    def __str__(self) -> str:
        return f"Resend of {self.total}"
