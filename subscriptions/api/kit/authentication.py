"""`Authorization: Bearer chk_…`: a program acts for the company its key belongs to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.request import Request

from ...models import ApiKey, Company

SCHEME = "Bearer"
COMPANY_HEADER = "Callhooks-Company"
# "Last used" is for people who tidy up keys; writing it with every request would be a write for every read.
NOTED_EVERY = timedelta(minutes=5)


class ApiKeyAuthentication(BaseAuthentication):
    """`request.auth` is the key; `request.user` is None: a program is nobody."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower() or not secret.strip():
            return None
        key = ApiKey.objects.with_company(secret.strip())
        if key is None:
            raise AuthenticationFailed("This API key is not known. Check that it was copied whole.")
        if not key.usable:
            raise AuthenticationFailed("This API key has expired or was revoked. Make a new one in the admin.")
        key.of_operator = key.company is None
        if key.of_operator:
            key.company = _find_named_company(request)
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > NOTED_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        # Without it the framework answers 403 where 401 is meant.
        return f'{SCHEME} realm="callhooks"'


def _find_named_company(request: Request) -> Company | None:
    """The company that an operator's program acts for."""
    named = request.headers.get(COMPANY_HEADER)
    if named is None:
        return None
    company = Company.objects.filter(resource_id=named.strip()).first()
    if company is None:
        raise ValidationError(f"{COMPANY_HEADER} names no company. Give a resource id such as those at companies/.")
    return company


def company_of(request: Any) -> Company:
    """The tenant of an authenticated request."""
    key: ApiKey = request.auth
    if key.company is None:
        raise ValidationError(f"This is an operator's key. Name the company with the header {COMPANY_HEADER}: COM….")
    return key.company
