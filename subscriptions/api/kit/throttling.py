"""Rate limit per API key. It is stored in the database and applies to all processes and machines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from ...models import ApiKey

if TYPE_CHECKING:  # the framework's views import this module through the settings
    from rest_framework.views import APIView

WINDOW = 60.0  # seconds

# GCRA: one time per key, up to which its requests have used the rate. Each request adds its share of the window. A
# request that would move the time further ahead than the window changes nothing and returns no row.
_COUNT = """
INSERT INTO subscriptions_apikeyrate AS r (api_key_id, used_until)
VALUES (%(key)s, clock_timestamp() + make_interval(secs => %(share)s))
    ON CONFLICT (api_key_id) DO UPDATE
   SET used_until = greatest(r.used_until, clock_timestamp()) + make_interval(secs => %(share)s)
 WHERE r.used_until + make_interval(secs => %(share)s) <= clock_timestamp() + make_interval(secs => %(window)s)
RETURNING extract(epoch FROM used_until - clock_timestamp())::float8
"""
_AHEAD = """
SELECT extract(epoch FROM used_until - clock_timestamp())::float8 FROM subscriptions_apikeyrate WHERE api_key_id = %s
"""


class ApiKeyThrottle(BaseThrottle):
    """Adds RateLimit headers to every response. Requests without a key were refused before."""

    seconds: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        limit = settings.API_REQUESTS_PER_MINUTE
        if not limit or not isinstance(request.auth, ApiKey):
            return True
        share = WINDOW / limit
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, {"key": request.auth.pk, "share": share, "window": WINDOW})
            row = cursor.fetchone()
            allowed = row is not None
            if not allowed:
                cursor.execute(_AHEAD, [request.auth.pk])
                row = cursor.fetchone()
        ahead = row[0] if row else 0.0
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
