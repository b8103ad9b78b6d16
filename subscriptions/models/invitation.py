from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from .access import Membership
from .company import Company

VALID_FOR = timedelta(days=7)  # long enough for a holiday, too short for a link found in an old archive


class Invitation(models.Model):
    """An invitation by mail to join a company. Stores the hash of the token in the mail's link."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="invitations")
    # It becomes the username, which has at most 150 characters.
    email = models.EmailField("email address", max_length=150)
    role = models.CharField(max_length=10, choices=Membership.Role.choices, default=Membership.Role.ADMIN)
    hashed = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    sent_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    mail_error = models.CharField(max_length=200, default="", db_default="", editable=False)  # why none was sent

    class Meta:
        ordering = ["-sent_at", "-id"]

    def __str__(self) -> str:
        return self.email

    def new_token(self) -> str:
        """A new token for the mail, which replaces the previous one. Does not save the row."""
        token = secrets.token_urlsafe(32)
        now = timezone.now()
        self.hashed, self.sent_at, self.expires_at = self.hash(token), now, now + VALID_FOR
        return token

    @staticmethod
    def hash(token: str) -> str:
        # With 256 random bits a plain hash cannot be reversed, and it can be looked up.
        return hashlib.sha256(token.encode()).hexdigest()

    @property
    def open(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None

    @property
    def usable(self) -> bool:
        return self.open and self.expires_at > timezone.now()
