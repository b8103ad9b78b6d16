"""`Authorization: Token token="KEY"`, quoted or not. The keys are those of our own API."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from subscriptions.models import ApiKey
from subscriptions.models.key_use import find_key, note_use

from .errors import Forbidden

SCHEMES = ("token", "bearer")
_PART = re.compile(r"[,;\t]")
HOW = 'Send an API key as: Authorization: Token token="KEY".'


def token_of(header: str) -> str:
    """The key in the header's text; empty where there is none. Other parts, `, key="value"`, are ignored."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() not in SCHEMES:
        return ""
    parts = [part.strip() for part in _PART.split(rest)]
    for part in parts:
        name, equals, value = part.partition("=")
        if equals and name.strip().lower() == "token":
            return value.strip().strip('"').strip("'")
    # As Rails reads it, a first part without a name is the token.
    return parts[0].strip('"')


class TokenAuthentication(BaseAuthentication):
    """`request.auth` is the key; `request.user` is None."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        secret = token_of(request.headers.get("Authorization", ""))
        if not secret:
            return None
        key = find_key(secret, a_minute=settings.API_REQUESTS_PER_MINUTE)
        if key is None or not key.usable:
            raise AuthenticationFailed(f"Access denied: this API key is unknown, expired or revoked. {HOW}")
        key.of_operator = key.company is None
        note_use(key)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Token realm="callhooks"'


class HasScope(BasePermission):
    """Reading takes `read`, writing the view's `write_scope`. A method that the view lacks is a 405 for every key."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated(f"Access denied. {HOW}")
        method = str(request.method).lower()
        if method in view.http_method_names and hasattr(view, method):
            needed = ApiKey.Scope.READ if request.method in SAFE_METHODS else view.write_scope
            if needed not in request.auth.scopes:
                raise Forbidden
        return True
