"""Rate limit per API key. It is stored in the database and applies to all processes and machines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from ...models import ApiKey
from ...models.key_use import WINDOW, seconds_used

if TYPE_CHECKING:  # the framework's views import this module through the settings
    from rest_framework.views import APIView


class ApiKeyThrottle(BaseThrottle):
    """Adds RateLimit headers to every response. Requests without a key were refused before."""

    seconds: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        limit = settings.API_REQUESTS_PER_MINUTE
        if not limit or not isinstance(request.auth, ApiKey):
            return True
        share = WINDOW / limit
        # The authentication has counted the request, in the statement that found the key.
        allowed = request.auth.rate_used is not None
        ahead = request.auth.rate_used if request.auth.rate_used is not None else seconds_used(request.auth)
        self.seconds = max(0.0, ahead + share - WINDOW)
        view.headers.update(
            {
                "RateLimit-Limit": str(limit),
                "RateLimit-Remaining": str(math.floor(max(0.0, WINDOW - ahead) / share)) if allowed else "0",
                "RateLimit-Reset": str(math.ceil(max(0.0, ahead))),
            }
        )
        return allowed

    def wait(self) -> float | None:
        return self.seconds
