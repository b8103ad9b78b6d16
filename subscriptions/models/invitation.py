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

GOOD_FOR = timedelta(days=7)  # a holiday fits; a mail that is found in an old archive opens nothing


class Invitation(models.Model):
    """Somebody was asked by mail to join a company. The link in the mail holds a token, of which this is the hash."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="invitations")
    # It becomes the username, which has 150 letters at most.
    email = models.EmailField("mail address", max_length=150)
    role = models.CharField(max_length=10, choices=Membership.Role.choices, default=Membership.Role.ADMIN)
    hashed = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    sent_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-sent_at", "-id"]

    def __str__(self) -> str:
        return self.email

    def new_token(self) -> str:
        """The token itself, for the mail; the one before it opens nothing any more. Saves nothing."""
        token = secrets.token_urlsafe(32)
        now = timezone.now()
        self.hashed, self.sent_at, self.expires_at = self.hash(token), now, now + GOOD_FOR
        return token

    @staticmethod
    def hash(token: str) -> str:
        # 256 random bits: a plain hash cannot be guessed back, and it can be looked up.
        return hashlib.sha256(token.encode()).hexdigest()

    @property
    def open(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None

    @property
    def usable(self) -> bool:
        return self.open and self.expires_at > timezone.now()
