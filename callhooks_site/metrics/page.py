"""The page `/metrics`. Each process reads the database for it every few seconds at most, however often it is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from . import access, companies, counted, state
from .parts import Reading

CACHE_SECONDS = 5.0
_lock = threading.Lock()
_read: tuple[float, Reading] | None = None


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    refused = access.refuse(request)
    if refused is not None:
        return refused
    encode: Callable[[CollectorRegistry], bytes]
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_reading())
    return HttpResponse(encode(registry), content_type=content_type)


def _reading() -> Reading:
    global _read
    with _lock:
        if _read is None or time.monotonic() - _read[0] > CACHE_SECONDS:
            reading = Reading.of({**state.PARTS, "counted": counted.read, "companies": companies.read})
            _read = (time.monotonic(), reading)
        return _read[1]


def forget() -> None:
    """Make the next request read again."""
    global _read
    _read = None
    companies.forget()
