"""Who may do what for a company: members (people) and API keys (programs)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.functions import Now
from django.utils import timezone

from .columns import Columns
from .company import Company

KEY_PREFIX = "chk_"
SHOWN_LENGTH = 12  # enough to tell keys apart, too little to guess the rest


class Membership(models.Model):
    """A user's role in a company. A user without one sees nothing in the admin."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        ADMIN = "admin", "Admin"
        VIEWER = "viewer", "Viewer (reads only)"

    company = models.ForeignKey(Company, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.ADMIN)
    alert_mails = models.BooleanField(
        "alert mails",
        default=True,
        db_default=True,
        help_text="A mail when an endpoint begins to fail, and when it is switched off. Owners and admins get them.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "member"
        constraints = [models.UniqueConstraint(fields=["company", "user"], name="membership_once_per_company")]

    def __str__(self) -> str:
        return f"{self.user} in {self.company}"


class ApiKeyManager(models.Manager["ApiKey"]):
    def with_company(self, secret: str) -> ApiKey | None:
        """The key with this secret, usable or not, with its company (without the company's signing key)."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_KEY.sql}, {_COMPANY.sql} FROM subscriptions_apikey k "
                "LEFT JOIN subscriptions_company c ON c.id = k.company_id WHERE k.hashed = %s",
                [ApiKey.hash(secret)],
            )
            row = cursor.fetchone()
        key = _KEY.build(row) if row else None
        if key is not None:
            key.company = _COMPANY.build(row, len(_KEY))
        return key

    def rotate(self, old: ApiKey, *, overlap: timedelta) -> tuple[ApiKey, str]:
        """Replace a key. The old one expires when the overlap is over, or earlier if it would have anyway. The second
        value is the secret of the new one."""
        ends = timezone.now() + overlap
        made = self.issue(company=old.company, name=old.name, scopes=old.scopes, expires_at=old.expires_at)
        old.expires_at = min(ends, old.expires_at or ends)
        old.save(update_fields=["expires_at"])
        return made

    def issue(
        self, *, company: Company | None, name: str, scopes: list[str] | None = None, expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """Create a key. The second value is its secret: only a hash is stored, so it can be shown only now."""
        secret = KEY_PREFIX + secrets.token_urlsafe(32)
        key = self.create(
            company=company,
            name=name,
            prefix=secret[:SHOWN_LENGTH],
            hashed=ApiKey.hash(secret),
            scopes=scopes or [ApiKey.Scope.READ, ApiKey.Scope.INGEST, ApiKey.Scope.MANAGE],
            expires_at=expires_at,
        )
        return key, secret


class ApiKey(models.Model):
    """A program's API key for one company, or an operator's for all companies, stored as a hash."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        INGEST = "ingest", "Bring in calls, texts and forms"
        MANAGE = "manage", "Manage subscriptions and deliveries"

    # Null: an operator's key. Each request names the company that it acts for.
    company = models.ForeignKey(Company, models.CASCADE, null=True, related_name="api_keys")
    name = models.CharField(max_length=100, help_text="What uses this key, for example: phone system.")
    prefix = models.CharField(max_length=SHOWN_LENGTH, editable=False)
    hashed = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices), default=list)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: never.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Set by the API's authentication, which also sets `company` to the one that the request names.
    of_operator = False

    objects: ClassVar[ApiKeyManager] = ApiKeyManager()

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def hash(secret: str) -> str:
        # With 256 random bits a plain hash cannot be reversed, and it can be looked up.
        return hashlib.sha256(secret.encode()).hexdigest()

    @property
    def usable(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


_KEY, _COMPANY = Columns(ApiKey, "k"), Columns(Company, "c", without=["signing_key", "default_conditions"])
