"""Is the service alive, and does it deliver? For load balancers and monitoring; `manage.py health` says more."""

from __future__ import annotations

import threading
import time

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from subscriptions.worker.health import Health, look

# Anybody may ask; the database answers no more often than that, per process.
KEPT_SECONDS = 5.0
_lock = threading.Lock()
_known: tuple[float, Health] | None = None


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when this process can answer from the database, else 503: whether to send it requests. With `?deep=1` it is
    503 too when deliveries stand still: whether to call somebody. Strangers learn these few words and no more."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return JsonResponse({"status": "error", "database": "out of reach", "deliveries": "unknown"}, status=503)
    health = _look()
    ill = not health.well and request.GET.get("deep", "") not in ("", "0")
    body = {"status": "error" if ill else "ok", "database": "ok", "deliveries": _word(health)}
    return JsonResponse(body, status=503 if ill else 200)


def _look() -> Health:
    global _known
    with _lock:
        if _known is None or time.monotonic() - _known[0] > KEPT_SECONDS:
            _known = (time.monotonic(), look())
        return _known[1]


def forget() -> None:
    """Look anew at the next request."""
    global _known
    _known = None


def _word(health: Health) -> str:
    if health.well:
        return "ok"
    if not health.database:
        return "unknown"
    return "late" if health.drains else "stopped"
