from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from .company import Company
from .fields import EncryptedTextField

KEPT_HOURS = 24  # longer than programs retry on their own


class IdempotentAnswer(models.Model):
    """The response to a request with an `Idempotency-Key`, for repeats of it (`api/kit/idempotency.py`). It is written
    in the request's own transaction, and deleted after a day."""

    # Null: of an operator's key, for a request about companies.
    company = models.ForeignKey(Company, models.CASCADE, null=True, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)  # SHA-256 of method, path and body
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    # Encrypted: a response can hold the secret of a new subscription.
    body = EncryptedTextField(default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "key"], name="idempotency_key_once")]
        indexes = [models.Index("created_at", name="idempotent_answer_age")]

    def __str__(self) -> str:
        return self.key
