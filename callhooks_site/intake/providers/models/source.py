from __future__ import annotations

import re
import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from subscriptions.intake.models import IntakeSource
from subscriptions.models.fields import EncryptedTextField


def new_public_key() -> str:
    """24 random bytes as text: 32 letters, digits, - and _."""
    return secrets.token_urlsafe(24)


class IngestSource(IntakeSource):
    """An account at a phone provider whose callbacks bring in this company's calls and texts.

    The public key is in the URLs that people paste there. It only finds the source; a callback is genuine if its
    signature was made with the auth token.
    """

    refusals_count_as_received = True

    class Provider(models.TextChoices):
        TWILIO = "twilio", "Twilio"
        SIGNALWIRE = "signalwire", "SignalWire"

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"

    provider = models.CharField(max_length=20, choices=Provider.choices, default=Provider.TWILIO)
    public_key = models.CharField(max_length=40, unique=True, default=new_public_key, editable=False)
    account_sid = models.CharField(
        "account SID", max_length=64, help_text="Twilio: AC… in the console. SignalWire: the project id."
    )
    auth_token = EncryptedTextField(
        help_text="Twilio: the auth token of the account. SignalWire: the signing key of the project."
    )
    # Also accepted while the provider switches to the new token.
    previous_auth_token = EncryptedTextField(blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE, editable=False)

    class Meta(IntakeSource.Meta):
        verbose_name = "phone system"

    def clean(self) -> None:
        self.account_sid, self.auth_token = self.account_sid.strip(), self.auth_token.strip()
        if self.provider == self.Provider.TWILIO and not re.fullmatch(r"AC[0-9a-fA-F]{32}", self.account_sid):
            raise ValidationError({"account_sid": "A Twilio account SID is AC and 32 digits and letters a to f."})
        if not re.fullmatch(r"[0-9a-zA-Z-]{8,64}", self.account_sid):
            raise ValidationError({"account_sid": "An account SID has 8 to 64 letters, digits and hyphens."})

    def tokens(self, now: datetime | None = None) -> list[str]:
        """The tokens that currently prove a callback."""
        overlap = self.previous_until is not None and self.previous_until > (now or timezone.now())
        return [self.auth_token, *([self.previous_auth_token] if overlap and self.previous_auth_token else [])]
