from __future__ import annotations

from django.db import models
from django.db.models import Q

from subscriptions.intake.models import RefusedItem

from .source import FormSource


class FormRefusal(RefusedItem):
    """A web site's form that was refused. It holds the fields, without what looks like a password or a card number."""

    class Reason(models.TextChoices):
        INACTIVE = "inactive", "Source was not active"
        SITE = "site", "Site not allowed"
        TRAP = "trap", "Trap field filled in"
        TOO_MANY = "too_many", "Too many from one address"
        FILE = "file", "A file was sent"
        TOO_LARGE = "too_large", "Too large"
        MALFORMED = "malformed", "Not understood"

    source = models.ForeignKey(FormSource, models.CASCADE, related_name="refusals", db_index=False)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    origin = models.CharField("from the site", max_length=300, blank=True)
    address = models.CharField("sender's address", max_length=45, blank=True)
    form = models.JSONField(null=True, db_column="said")  # web.parsed_form.ParsedForm; null if nothing could be kept

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
            # How many a source has, in all and recently.
            models.Index("source", "state", "received_at", name="form_refusal_of_source"),
            # Retention.
            models.Index("received_at", name="form_refusal_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.origin or self.address or self.pk}"
