"""Counts requests by route, method and status. A route is the name of a view: paths hold ids, and anybody makes some
up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from subscriptions.counters import writing
from subscriptions.counters.known import HTTP_REQUESTS, HTTP_SECONDS

logger = logging.getLogger("callhooks.requests")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
NO_ROUTE = "none"  # an address that leads nowhere, or that was answered before it was looked at
STATIC = "static"


def count_requests(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A middleware. `handler500` answers what a view raises, so there is always an answer."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = get_response(request)
        route = route_of(request)
        method = request.method if request.method in METHODS else OTHER
        HTTP_REQUESTS.add(method, route, str(response.status_code))
        seconds = time.perf_counter() - began
        HTTP_SECONDS.observe(seconds, labels=(route,))
        writing.ensure_thread()
        if settings.LOG_FORMAT == "json":
            _log(method, route, response.status_code, seconds)
        return response

    return answer


def _log(method: str, route: str, status: int, seconds: float) -> None:
    """Not its address: links that let somebody in are addresses."""
    about = {"method": method, "route": route, "status": status, "seconds": round(seconds, 4)}
    logger.info("%s %s: %s", method, route, status, extra=about)


def route_of(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is not None:
        return match.view_name
    return STATIC if request.path_info.startswith(settings.STATIC_URL) else NO_ROUTE
