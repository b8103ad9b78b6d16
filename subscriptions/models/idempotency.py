from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from .company import Company
from .fields import EncryptedTextField

KEPT_HOURS = 24  # longer than any program retries by itself


class IdempotentAnswer(models.Model):
    """The answer to a request that bore an `Idempotency-Key`, for its repeats (`api/idempotency.py`). It is written in
    the transaction of what the request did: neither is there without the other. It goes after a day."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)  # SHA-256 of method, address and body
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    # Encrypted: an answer can hold the secret of a new subscription.
    body = EncryptedTextField(default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "key"], name="idempotency_key_once")]
        indexes = [models.Index("created_at", name="idempotent_answer_age")]

    def __str__(self) -> str:
        return self.key
