"""Who may do what for a company: members (people) and API keys (programs)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from ..lib.errors import ActionRefused
from .company import Company

KEY_PREFIX = "chk_"
SHOWN_LENGTH = 12  # enough to tell keys apart, too little to guess the rest
MADE_BY_LENGTH = 200
# Usable keys of a company. Each has a rate of its own, so a key that may make others could send at any rate.
MOST_KEYS = 100


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
        "alert emails",
        default=True,
        db_default=True,
        help_text="When a subscription starts to fail, a day before it is disabled, and when it is disabled. Owners "
        "and admins get them.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "member"
        constraints = [models.UniqueConstraint(fields=["company", "user"], name="membership_once_per_company")]

    def __str__(self) -> str:
        return f"{self.user} in {self.company}"


class ApiKeyManager(models.Manager["ApiKey"]):
    def rotate(
        self, old: ApiKey, *, overlap: timedelta, by: ApiKey | None = None, made_by: str = ""
    ) -> tuple[ApiKey, str]:
        """Replace a key. The old one expires when the overlap is over, or earlier if it would have anyway. The second
        value is the secret of the new one.

        The new key takes the place of the old one, with the keys that the old one made. But if another key rotates it
        (`by`), whoever has that one knows the new secret: the new key is its child. Raises ActionRefused if the old
        key made that one, or too many are replaced at once. Call it in a transaction."""
        ends, parent = timezone.now() + overlap, old.parent
        if by is not None and by.pk != old.pk:
            if self._made(old.pk, by):
                raise ActionRefused("A key cannot rotate the key that made it.")
            parent = by
        # The old one works on for a while: a company with all its keys can replace each of them.
        self.check_limit(old.company, times=2)
        made = self._issue(old.company, old.name, old.scopes, old.expires_at, parent, made_by)
        self.filter(parent=old).exclude(pk=made[0].pk).update(parent=made[0])
        old.expires_at = min(ends, old.expires_at or ends)
        old.save(update_fields=["expires_at"])
        self.shorten_children(made[0])
        return made

    def _made(self, maker: int, key: ApiKey) -> bool:
        parent = key.parent_id
        while parent is not None and parent != maker:
            parent = self.values_list("parent_id", flat=True).get(pk=parent)
        return parent == maker

    def revoke(self, keys: Iterable[int]) -> list[ApiKey]:
        """Revoke these keys, and the keys that they made. Returns those that were not revoked before, these first.
        Call it in a transaction."""
        revoked: list[ApiKey] = []
        level, seen = list(keys), set[int]()
        while level:
            # Level by level: a key that makes another one holds its own lock, so the next look sees what it made.
            rows = list(self.select_for_update().filter(pk__in=level, revoked_at=None).order_by("pk"))
            self.filter(pk__in=[key.pk for key in rows]).update(revoked_at=timezone.now())
            revoked += rows
            seen |= set(level)
            level = list(self.filter(parent__in=level).exclude(pk__in=seen).values_list("pk", flat=True))
        return revoked

    def shorten_children(self, key: ApiKey) -> None:
        """Let no key that this one made end later than it. Call it in a transaction, after `expires_at` was saved."""
        if key.expires_at is None:
            return
        later = models.Q(expires_at=None) | models.Q(expires_at__gt=key.expires_at)
        for child in self.select_for_update().filter(later, parent=key):
            child.expires_at = key.expires_at
            child.save(update_fields=["expires_at"])
            self.shorten_children(child)

    def issue(
        self,
        *,
        company: Company | None,
        name: str,
        scopes: list[str] | None = None,
        expires_at: datetime | None = None,
        parent: ApiKey | None = None,
        made_by: str = "",
    ) -> tuple[ApiKey, str]:
        """Create a key. The second value is its secret: only a hash is stored, so it can be shown only now.

        `parent`: the key that makes it. The new one ends no later, and is revoked with it. Raises ActionRefused if the
        parent has ended meanwhile, or the company has as many keys as it may have; call it in a transaction."""
        self.check_limit(company)
        return self._issue(company, name, scopes, expires_at, parent, made_by)

    def check_limit(self, company: Company | None, times: int = 1) -> None:
        """Raises ActionRefused if the company has so many keys that work. Requests at the same moment may add a few
        more: nothing depends on the exact number."""
        if company is None:
            return
        most = MOST_KEYS * times
        works = models.Q(expires_at=None) | models.Q(expires_at__gt=Now())
        if self.filter(works, company=company, revoked_at=None)[:most].count() >= most:
            raise ActionRefused(f"The company has {most} API keys that work, the most it may have. Revoke some first.")

    def _issue(
        self,
        company: Company | None,
        name: str,
        scopes: list[str] | None,
        expires_at: datetime | None,
        parent: ApiKey | None,
        made_by: str,
    ) -> tuple[ApiKey, str]:
        if parent is not None:
            parent = self.select_for_update(no_key=True).get(pk=parent.pk)
            if not parent.usable:
                raise ActionRefused("The key that made this one has expired or was revoked.")
            if parent.expires_at is not None:
                expires_at = min(parent.expires_at, expires_at or parent.expires_at)
        secret = KEY_PREFIX + secrets.token_urlsafe(32)
        key = self.create(
            company=company,
            name=name,
            prefix=secret[:SHOWN_LENGTH],
            hashed=ApiKey.hash(secret),
            scopes=scopes or [ApiKey.Scope.READ, ApiKey.Scope.INGEST, ApiKey.Scope.MANAGE],
            expires_at=expires_at,
            parent=parent,
            made_by=made_by[:MADE_BY_LENGTH],
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
    # The key that made this one, if a program did. This one ends no later, and is revoked with it.
    parent = models.ForeignKey("self", models.CASCADE, null=True, editable=False, related_name="children")
    made_by = models.CharField("created by", max_length=MADE_BY_LENGTH, editable=False, db_default="", default="")

    # Set by the API's authentication, which also sets `company` to the one that the request names.
    of_operator = False
    # Of a key that came with a request (`key_use.py`): seconds of its rate limit that are used up with this request;
    # None for one request too many, or without a limit.
    rate_used: float | None = None

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

    def clean(self) -> None:
        if self._state.adding and self.company_id:
            try:
                ApiKey.objects.check_limit(self.company)
            except ActionRefused as error:
                raise ValidationError(str(error)) from None

    @property
    def usable(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())
