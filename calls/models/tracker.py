from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from subscriptions.models import Company
from subscriptions.models.fields import ResourceIdField

from ..senders import LONGEST_SENDER, read_sender
from .numbers import clean_numbers


class Tracker(models.Model):
    """A tracking number: a phone number of the company that shows where callers come from."""

    resource_id = ResourceIdField(prefix="TRK")
    company = models.ForeignKey(Company, models.PROTECT, related_name="trackers")
    phone_number = models.CharField(
        max_length=LONGEST_SENDER,
        help_text="For example +14045550100. For texts also a short code, a name such as ACME, or rcs: and the agent.",
    )
    name = models.CharField(max_length=200, help_text="Shown as the source's name, for example: Google Ads.")
    source = models.CharField(max_length=200, blank=True, help_text="The marketing source, for example google_paid.")
    destination_number = models.CharField(
        "business number", max_length=20, blank=True, help_text="Where calls to this number are routed."
    )
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "tracking number"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "phone_number"],
                name="tracker_number_once",
                violation_error_message="This company has that tracking number already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.phone_number})"

    def clean(self) -> None:
        errors = clean_numbers(self, ("phone_number",), read=read_sender)
        if errors := errors | clean_numbers(self, ("destination_number",)):
            raise ValidationError(errors)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)
