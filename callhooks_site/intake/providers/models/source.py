from __future__ import annotations

import re
import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from subscriptions.models import Company
from subscriptions.models.fields import EncryptedTextField


def new_public_key() -> str:
    """24 random bytes as text: 32 letters, digits, - and _."""
    return secrets.token_urlsafe(24)


class IngestSource(models.Model):
    """An account at a phone provider whose callbacks bring this company's calls and texts in.

    The public key stands in the URLs that are pasted there: it finds the source, and whoever knows it may do no more
    than be refused. What proves a callback is its signature, made with the auth token.
    """

    class Provider(models.TextChoices):
        TWILIO = "twilio", "Twilio"
        SIGNALWIRE = "signalwire", "SignalWire"

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"

    company = models.ForeignKey(Company, models.PROTECT, related_name="ingest_sources")
    name = models.CharField(max_length=100, help_text="For you, such as: Twilio, main account.")
    provider = models.CharField(max_length=20, choices=Provider.choices, default=Provider.TWILIO)
    public_key = models.CharField(max_length=40, unique=True, default=new_public_key, editable=False)
    account_sid = models.CharField(
        "account SID", max_length=64, help_text="Twilio: AC… in the console. SignalWire: the project id."
    )
    auth_token = EncryptedTextField(
        help_text="Twilio: the auth token of the account. SignalWire: the signing key of the project."
    )
    # While the provider changes over to the new token, the one before proves too.
    previous_auth_token = EncryptedTextField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE, editable=False)

    last_received_at = models.DateTimeField("last received", null=True, editable=False)
    received = models.PositiveBigIntegerField("taken in", default=0, db_default=0, editable=False)
    refused = models.PositiveBigIntegerField("refused", default=0, db_default=0, editable=False)
    # Refused, and so many before that no row was kept.
    unlisted = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField("made", db_default=Now(), editable=False)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.account_sid, self.auth_token = self.account_sid.strip(), self.auth_token.strip()
        if self.provider == self.Provider.TWILIO and not re.fullmatch(r"AC[0-9a-fA-F]{32}", self.account_sid):
            raise ValidationError({"account_sid": "Twilio's account SIDs are AC and 32 digits and letters a to f."})
        if not re.fullmatch(r"[0-9a-zA-Z-]{8,64}", self.account_sid):
            raise ValidationError({"account_sid": "This is no account SID: letters, digits and - only."})

    def tokens(self, now: datetime | None = None) -> list[str]:
        """Those that prove a callback now."""
        overlap = self.previous_until is not None and self.previous_until > (now or timezone.now())
        return [self.auth_token, *([self.previous_auth_token] if overlap and self.previous_auth_token else [])]
