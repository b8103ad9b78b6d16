from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from subscriptions.models import Company

from .source import IngestSource


class RefusedCallback(models.Model):
    """A callback that brought nothing in, with the reason. It holds what is needed to take it in after the setting is
    mended: what was signed and the signature. The token is not among it."""

    class Reason(models.TextChoices):
        SIGNATURE = "signature", "Bad signature"
        ACCOUNT = "account", "Wrong account"
        NUMBER = "number", "Unknown number"
        PAUSED = "paused", "Source was paused"
        MALFORMED = "malformed", "Not understood"
        NO_CONTENT = "no_content", "Text without content"
        NO_CALL = "no_call", "Call never told of"
        TOO_LARGE = "too_large", "Too large"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        TAKEN_IN = "taken_in", "Taken in"
        DISMISSED = "dismissed", "Dismissed"

    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    source = models.ForeignKey(IngestSource, models.CASCADE, related_name="refusals", db_index=False)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    detail = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    subject_sid = models.CharField("call or message SID", max_length=64, blank=True)

    place = models.CharField(max_length=20)  # the last part of the URL
    method = models.CharField(max_length=4)
    query = models.CharField(max_length=4096, blank=True)
    content_type = models.CharField(max_length=200, blank=True)
    body = models.BinaryField()
    signature = models.CharField(max_length=200, blank=True)
    # SHA-256 over all of the above: a callback that is repeated is counted, not kept again.
    fingerprint = models.CharField(max_length=64)
    times = models.PositiveIntegerField(default=1, db_default=1)
    received_at = models.DateTimeField("when", db_default=Now())
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "refused callback"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "fingerprint"], condition=Q(state="open"), name="refusal_open_once"
            )
        ]
        indexes = [
            # The list of a company, newest first.
            models.Index("company", models.F("received_at").desc(), models.F("id").desc(), name="refusal_of_company"),
            # How many a source has, and how many lately; and all of one call, to take them in together.
            models.Index("source", "state", "received_at", name="refusal_of_source"),
            models.Index("subject_sid", "source", name="refusal_of_subject"),
            # What is old goes.
            models.Index("received_at", name="refusal_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.subject_sid or self.place}"
