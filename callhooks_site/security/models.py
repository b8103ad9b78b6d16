"""The optional second factor of a login: codes from an app (TOTP, RFC 6238), and recovery codes for when it is lost.

django-otp verifies codes under a lock, and delays further attempts with each failure. Unlike its own models, these
store the key encrypted and the recovery codes as hashes.
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
KEY_BYTES = 20  # recommended by RFC 4226, and supported by every app
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
        """Called by django-otp, which has locked the row."""
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
        """Whether the code is valid. A valid code is used up."""
        raise NotImplementedError


class SecondFactor(_Factor):
    """Has no effect until it is `confirmed` by entering a first code."""

    key = EncryptedTextField(default=new_key, editable=False)
    # The time step of the last used code. A code is valid once, in its half minute and the ones before and after.
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
        """The URI from which an app reads the key:
        https://github.com/google/google-authenticator/wiki/Key-Uri-Format."""
        label = quote(f"{ISSUER}:{self.user.get_username()}")
        return f"otpauth://totp/{label}?{urlencode({'secret': self.key, 'issuer': ISSUER})}"


class RecoveryCodes(_Factor):
    """Codes on paper, each valid once. Stored as plain hashes, which cannot be reversed with 80 random bits."""

    hashes: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=64), default=list, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="recovery_codes_once_per_user")]

    def accepts(self, token: str) -> bool:
        hashed = _hash(token)
        if hashed not in self.hashes:
            return False
        self.hashes = [other for other in self.hashes if other != hashed]
        return True


def get_second_factor(user: Any) -> SecondFactor | None:
    """The user's confirmed second factor, if any."""
    found: SecondFactor | None = SecondFactor.objects.filter(user=user.pk, confirmed=True).first()
    return found


def verify_code(user: Any, code: str) -> Device | None:
    """The factor for which the code is valid, or None. Each failure makes the user wait longer."""
    code = "".join(code.split()).replace("-", "").upper()
    kind = SecondFactor if code.isdigit() else RecoveryCodes
    factor = kind.objects.filter(user=user.pk, confirmed=True).first()
    return django_otp.verify_token(user, factor.persistent_id, code) if factor and code else None


@transaction.atomic
def replace_recovery_codes(user: Any) -> list[str]:
    """Replace the user's recovery codes. Returns the new ones for display, like `ABCD-EFGH-IJKL-MNOP`."""
    codes = [base64.b32encode(secrets.token_bytes(10)).decode("ascii") for _ in range(RECOVERY_CODES)]
    RecoveryCodes.objects.update_or_create(
        user=user,
        defaults={"hashes": [_hash(code) for code in codes], "throttling_failure_count": 0, "confirmed": True},
    )
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


@transaction.atomic
def remove_second_factor(user: Any) -> bool:
    """Returns whether the user had one."""
    RecoveryCodes.objects.filter(user=user).delete()
    return bool(SecondFactor.objects.filter(user=user).delete()[0])


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
