from __future__ import annotations

import secrets
import zoneinfo
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from ..lib.countries import country_names, country_of
from .fields import EncryptedTextField, ResourceIdField, one_line


def new_signing_key() -> str:
    """32 hex digits, used as text: the form that existing receivers of the `Signature` header expect."""
    return secrets.token_hex(16)


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            "Unknown time zone %(value)r. Use a name such as America/New_York.", params={"value": value}
        )


def validate_country(value: str) -> None:
    if value not in country_names():
        raise ValidationError(
            "Unknown country %(value)r. Use its two letters, such as US, GB or IN.", params={"value": value}
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
    # Set by `save` when it is left empty. Read `region`: a row that an older version wrote meanwhile has none.
    country = models.CharField(
        max_length=2,
        blank=True,
        default="",
        db_default="",
        validators=[validate_country],
        help_text="Phone numbers without + are numbers of this country. Two letters, for example US; the time zone's "
        "country unless you choose one.",
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

    @property
    def region(self) -> str:
        """The country by whose rules its phone numbers are read."""
        return self.country or country_of(self.time_zone)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.country:
            self.country = country_of(self.time_zone)
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "country"}
        super().save(*args, **kwargs)
