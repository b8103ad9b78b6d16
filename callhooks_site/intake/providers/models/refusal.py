from __future__ import annotations

from django.db import models
from django.db.models import Q

from subscriptions.intake.models import RefusedItem

from .source import IngestSource


class RefusedCallback(RefusedItem):
    """A provider's callback that was refused. It holds what was signed and the signature, but not the token."""

    class Reason(models.TextChoices):
        SIGNATURE = "signature", "Bad signature"
        ACCOUNT = "account", "Wrong account"
        NUMBER = "number", "Unknown number"
        PAUSED = "paused", "Source was paused"
        MALFORMED = "malformed", "Not understood"
        NO_CONTENT = "no_content", "Text without content"
        NO_CALL = "no_call", "Call without parties"
        TOO_LARGE = "too_large", "Too large"

    source = models.ForeignKey(IngestSource, models.CASCADE, related_name="refusals", db_index=False)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    subject_sid = models.CharField("call or message SID", max_length=64, blank=True)

    place = models.CharField(max_length=20)  # the last part of the URL
    method = models.CharField(max_length=4)
    query = models.CharField(max_length=4096, blank=True)
    content_type = models.CharField(max_length=200, blank=True)
    body = models.BinaryField()
    signature = models.CharField(max_length=200, blank=True)

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
            # How many a source has, in all and recently; and all of one call, to accept them together.
            models.Index("source", "state", "received_at", name="refusal_of_source"),
            models.Index("subject_sid", "source", name="refusal_of_subject"),
            # Retention.
            models.Index("received_at", name="refusal_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.subject_sid or self.place}"
