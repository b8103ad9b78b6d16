"""The second factor of a login: codes of an app (TOTP, RFC 6238), and recovery codes for when it is lost.

A person may have one; without it a password is all there is to a login. django-otp verifies, under a lock, and makes
guessing slower with each failure. Unlike its own models, these keep the key encrypted and the recovery codes hashed.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import django_otp
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django_otp.models import Device, DeviceManager, ThrottlingMixin
from django_otp.oath import TOTP

from subscriptions.models.fields import EncryptedTextField

ISSUER = "Callhooks"
KEY_BYTES = 20  # what RFC 4226 recommends, and every app takes
DIGITS = 6
RECOVERY_CODES = 10


def new_key() -> str:
    return base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")


class _Factor(ThrottlingMixin, Device):  # type: ignore[misc]
    objects: ClassVar[DeviceManager] = DeviceManager()

    class Meta:
        abstract = True

    def get_throttle_factor(self) -> float:
        return 1  # second after the first failure, 2 after the second, 4 …

    def verify_token(self, token: str) -> bool:
        """Called by django-otp with the row locked."""
        allowed, _ = self.verify_is_allowed()
        if not allowed:
            return False
        good = self.accepts(token)
        if good:
            self.throttle_reset(commit=False)
        else:
            self.throttle_increment(commit=False)
        self.save()
        return good

    def accepts(self, token: str) -> bool:
        """Whether the code is good; it is used up then."""
        raise NotImplementedError


class SecondFactor(_Factor):
    """`confirmed` once a first code of it was entered: before, it counts for nothing."""

    key = EncryptedTextField(default=new_key, editable=False)
    # A code is good for its half minute and its neighbours, and once: the last step that was used.
    last_step: models.BigIntegerField[int, int] = models.BigIntegerField(default=-1, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="second_factor_once_per_user")]

    def accepts(self, token: str) -> bool:
        totp = TOTP(base64.b32decode(self.key), digits=DIGITS)
        if not (token.isascii() and token.isdigit() and len(token) == DIGITS):
            return False
        if not totp.verify(int(token), tolerance=1, min_t=self.last_step + 1):
            return False
        self.last_step = totp.t()
        return True

    def address(self) -> str:
        """What an app reads the key from: https://github.com/google/google-authenticator/wiki/Key-Uri-Format."""
        label = quote(f"{ISSUER}:{self.user.get_username()}")
        return f"otpauth://totp/{label}?{urlencode({'secret': self.key, 'issuer': ISSUER})}"


class RecoveryCodes(_Factor):
    """Codes on paper, each good once. Stored as hashes: with 80 random bits a plain hash cannot be guessed back."""

    hashes: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=64), default=list, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="recovery_codes_once_per_user")]

    def accepts(self, token: str) -> bool:
        hashed = _hash(token)
        if hashed not in self.hashes:
            return False
        self.hashes = [other for other in self.hashes if other != hashed]
        return True


def second_factor_of(user: Any) -> SecondFactor | None:
    """The confirmed one, if any."""
    found: SecondFactor | None = SecondFactor.objects.filter(user=user.pk, confirmed=True).first()
    return found


def verified(user: Any, code: str) -> Device | None:
    """The factor that a code is good for. A failure makes that factor wait longer and longer."""
    code = "".join(code.split()).replace("-", "").upper()
    kind = SecondFactor if code.isdigit() else RecoveryCodes
    factor = kind.objects.filter(user=user.pk, confirmed=True).first()
    return django_otp.verify_token(user, factor.persistent_id, code) if factor and code else None


@transaction.atomic
def new_recovery_codes(user: Any) -> list[str]:
    """New ones in the place of the old ones, as they are shown once: `ABCD-EFGH-IJKL-MNOP`."""
    codes = [base64.b32encode(secrets.token_bytes(10)).decode("ascii") for _ in range(RECOVERY_CODES)]
    RecoveryCodes.objects.update_or_create(
        user=user,
        defaults={"hashes": [_hash(code) for code in codes], "throttling_failure_count": 0, "confirmed": True},
    )
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


@transaction.atomic
def remove_second_factor(user: Any) -> bool:
    """Whether there was one."""
    RecoveryCodes.objects.filter(user=user).delete()
    return bool(SecondFactor.objects.filter(user=user).delete()[0])


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
