"""Times requests for the traces of the events that they publish (`subscriptions.tracing`). Only in use while tracing is
on."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from subscriptions.tracing import spans
from subscriptions.tracing.trace_ids import HEADER, Place, read_header

from .metrics.requests import METHODS, OTHER, route_of


def trace_requests(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A middleware. `handler500` answers what a view raises, so there is always an answer."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        traced = spans.begin_request()
        response = get_response(request)
        spans.end_request(
            traced,
            method=request.method if request.method in METHODS else OTHER,
            route=route_of(request),
            status=response.status_code,
            caller=_caller_of(request),
        )
        return response

    return answer


def _caller_of(request: HttpRequest) -> Place | None:
    """Where the caller is in its own trace. Only a caller with an API key is heard, and it gets a link: it chooses
    neither the trace nor whether there is one."""
    given = request.headers.get(HEADER, "")
    return read_header(given) if given and getattr(request, "auth", None) is not None else None
