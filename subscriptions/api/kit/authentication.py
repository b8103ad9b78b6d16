"""`Authorization: Bearer chk_…`. A program acts for the company that its key belongs to."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.request import Request

from ...lib import log_context
from ...models import ApiKey, Company
from ...models.key_use import find_key, note_use

SCHEME = "Bearer"
COMPANY_HEADER = "Callhooks-Company"


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to the key. `request.user` is None."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower() or not secret.strip():
            return None
        key = find_key(secret.strip(), a_minute=settings.API_REQUESTS_PER_MINUTE)
        if key is None:
            raise AuthenticationFailed("This API key is unknown. Check that you copied all of it.")
        if not key.usable:
            raise AuthenticationFailed("This API key has expired or was revoked. Create a new one in the admin.")
        key.of_operator = key.company is None
        if key.of_operator:
            key.company = _find_named_company(request)
        if key.company is not None:
            log_context.note_company(key.company.resource_id)
        note_use(key)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        # Without it the framework responds with 403 instead of 401.
        return f'{SCHEME} realm="callhooks"'


def _find_named_company(request: Request) -> Company | None:
    """The company that an operator's key acts for."""
    named = request.headers.get(COMPANY_HEADER)
    if named is None:
        return None
    company = Company.objects.filter(resource_id=named.strip()).first()
    if company is None:
        raise ValidationError(f"{COMPANY_HEADER} matches no company. Send a resource id as listed at companies/.")
    return company


def company_of(request: Any) -> Company:
    """The tenant of an authenticated request."""
    key: ApiKey = request.auth
    if key.company is None:
        raise ValidationError(
            f"This is an operator's key. Send the company's resource id in the header {COMPANY_HEADER}."
        )
    return key.company
