from __future__ import annotations

import secrets
import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from .fields import EncryptedTextField, ResourceIdField, one_line


def new_signing_key() -> str:
    """32 hex digits, used as text: the form that existing receivers of the `Signature` header expect."""
    return secrets.token_hex(16)


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            "Unknown time zone %(value)r. Use a name such as America/New_York.", params={"value": value}
        )


class Company(models.Model):
    """A tenant. Nearly every other row belongs to one."""

    resource_id = ResourceIdField(prefix="COM")
    name = models.CharField(max_length=200, validators=[one_line])
    time_zone = models.CharField(
        max_length=64,
        default="America/New_York",
        validators=[validate_time_zone],
        help_text="Times in webhooks are written in this zone, for example America/New_York.",
    )
    signing_key = EncryptedTextField(default=new_signing_key, editable=False)
    recording_expected = models.BooleanField(
        default=True, help_text="Post-Call waits for a call's recording, 20 minutes at most."
    )
    transcription_expected = models.BooleanField(
        default=True, help_text="Post-Call waits for a call's transcription, 20 minutes at most."
    )
    # For subscriptions that have no conditions of their own; null: none.
    default_conditions = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "companies"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
