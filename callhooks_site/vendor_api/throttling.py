"""The rate of a key is that of our own API (`API_REQUESTS_PER_MINUTE`); answers tell it as the vendor's headers do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection
from rest_framework.request import Request

from subscriptions.api.kit.throttling import ApiKeyThrottle

UNLIMITED = 1_000_000_000
_COUNT = """
INSERT INTO vendor_api_requestcount AS c (api_key_id, hour, hourly, day, daily)
VALUES (%s, date_trunc('hour', clock_timestamp()), 1, date_trunc('day', clock_timestamp()), 1)
    ON CONFLICT (api_key_id) DO UPDATE
   SET hour = excluded.hour, hourly = CASE c.hour WHEN excluded.hour THEN c.hourly + 1 ELSE 1 END,
       day = excluded.day, daily = CASE c.day WHEN excluded.day THEN c.daily + 1 ELSE 1 END
RETURNING hourly, daily
"""


class Counted(ApiKeyThrottle):
    def allow_request(self, request: Request, view: Any) -> bool:
        allowed = super().allow_request(request, view)
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [request.auth.pk])
            hourly, daily = cursor.fetchone()
        view.headers.update(rate_headers(hourly, daily))
        return allowed


def rate_headers(hourly: int = 0, daily: int = 0) -> dict[str, str]:
    a_minute = settings.API_REQUESTS_PER_MINUTE
    return {
        "x-rate-limit-hourly-allowed": str(a_minute * 60 or UNLIMITED),
        "x-rate-limit-hourly-used": str(hourly),
        "x-rate-limit-daily-allowed": str(a_minute * 1440 or UNLIMITED),
        "x-rate-limit-daily-used": str(daily),
    }
