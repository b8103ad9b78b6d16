from __future__ import annotations

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from ..models import ApiKey


class HasScope(BasePermission):
    """Reading takes the scope `read`; anything else the view's `write_scope`."""

    message = "This API key lacks the scope for that."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiKey):
            raise NotAuthenticated("Send your API key as 'Authorization: Bearer chk_…'.")
        needed = ApiKey.Scope.READ if request.method in SAFE_METHODS else getattr(view, "write_scope", ApiKey.Scope.MANAGE)
        self.message = f"This API key lacks the scope {str(needed)!r}."
        return needed in request.auth.scopes
