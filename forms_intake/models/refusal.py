from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from subscriptions.models import Company

from .source import FormSource


class FormRefusal(models.Model):
    """A form from a web site that was not taken in, with the reason. It holds the fields, without what looks like a
    password or a card number, to take them in after the setting is mended."""

    class Reason(models.TextChoices):
        INACTIVE = "inactive", "Source was not active"
        SITE = "site", "Site not allowed"
        TRAP = "trap", "Trap field filled in"
        TOO_MANY = "too_many", "Too many from one address"
        FILE = "file", "A file was sent"
        TOO_LARGE = "too_large", "Too large"
        MALFORMED = "malformed", "Not understood"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        TAKEN_IN = "taken_in", "Taken in"
        DISMISSED = "dismissed", "Dismissed"

    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    source = models.ForeignKey(FormSource, models.CASCADE, related_name="refusals", db_index=False)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    detail = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    origin = models.CharField("from the site", max_length=300, blank=True)
    address = models.CharField("sender's address", max_length=45, blank=True)
    said = models.JSONField(null=True)  # web.sent.Sent; null where there was nothing to keep
    # SHA-256 over the above: a form that is repeated is counted, not kept again.
    fingerprint = models.CharField(max_length=64)
    times = models.PositiveIntegerField(default=1, db_default=1)
    received_at = models.DateTimeField("when", db_default=Now())
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "refused form"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "fingerprint"], condition=Q(state="open"), name="form_refusal_open_once"
            )
        ]
        indexes = [
            # The list of a company, newest first.
            models.Index(
                "company", models.F("received_at").desc(), models.F("id").desc(), name="form_refusal_of_company"
            ),
            # How many a source has, and how many lately.
            models.Index("source", "state", "received_at", name="form_refusal_of_source"),
            # What is old goes.
            models.Index("received_at", name="form_refusal_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.origin or self.address or self.pk}"
