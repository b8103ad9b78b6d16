"""`/healthz` for load balancers and monitoring; `manage.py health` shows more."""

from __future__ import annotations

import threading
import time

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from subscriptions.worker.health import Health, look

# Anybody may call it, so each process queries the database at most this often.
CACHE_SECONDS = 5.0
_lock = threading.Lock()
_cached: tuple[float, Health] | None = None


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when this process can reach the database and write to it, else 503: for load balancers. With `?deep=1` it is
    also 503 when deliveries are stuck, or the database is a quiet copy: for alerts. It needs no login, so it shows
    nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            standby = cursor.fetchone()[0]
    except (DatabaseError, InterfaceError):
        return JsonResponse({"status": "error", "database": "out of reach", "deliveries": "unknown"}, status=503)
    if standby:
        return JsonResponse({"status": "error", "database": "a standby", "deliveries": "unknown"}, status=503)
    health = _check_health()
    failing = not health.well and request.GET.get("deep", "") not in ("", "0")
    body = {"status": "error" if failing else "ok", "database": "ok", "deliveries": _word(health)}
    return JsonResponse(body, status=503 if failing else 200)


def _check_health() -> Health:
    global _cached
    with _lock:
        if _cached is None or time.monotonic() - _cached[0] > CACHE_SECONDS:
            _cached = (time.monotonic(), look())
        return _cached[1]


def forget() -> None:
    """Make the next request check again."""
    global _cached
    _cached = None


def _word(health: Health) -> str:
    if health.well:
        return "ok"
    if not health.database:
        return "unknown"
    if health.quiet:
        return "quiet"
    if health.outage and health.drains:
        return "outage"
    return "late" if health.drains else "stopped"
