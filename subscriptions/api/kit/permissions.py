from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import NotAuthenticated, NotFound
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from ...models import ApiKey

if TYPE_CHECKING:  # the framework's views import this module through the settings
    from rest_framework.views import APIView


class IsOperatorKey(BasePermission):
    """Only for operators' keys. A company's key gets 404."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated("Send your API key as 'Authorization: Bearer chk_…'.")
        if not request.auth.of_operator:
            raise NotFound("There is nothing at this URL, or this key may not see it.")
        return True


class HasScope(BasePermission):
    """Reading needs the view's `read_scope`; other methods need its `write_scope`."""

    message = "This API key lacks the required scope."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated("Send your API key as 'Authorization: Bearer chk_…'.")
        if request.method in SAFE_METHODS:
            needed = getattr(view, "read_scope", ApiKey.Scope.READ)
        else:
            needed = getattr(view, "write_scope", ApiKey.Scope.MANAGE)
        self.message = f"This API key lacks the scope {str(needed)!r}. Use a key with that scope."
        return needed in request.auth.scopes
