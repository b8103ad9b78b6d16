"""Errors that occur outside of views, such as a wrong Host header: for the API in the format of its other errors, for
pages as Django's own."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseServerError, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults

from subscriptions.api.kit.problems import problem

from .request_ids import current_id

_WORDS = {
    400: "The request is malformed, or its Host header is not a name of this service.",
    403: "This is not allowed.",
    404: "There is nothing at this URL.",
    500: "An error in this service; its log has the details. Try again later.",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _problem(request, 400) if _is_api(request) else defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _problem(request, 403) if _is_api(request) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return _problem(request, 404) if _is_api(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """The page says the request's id, by which whoever runs the service finds it in the log."""
    if _is_api(request):
        return _problem(request, 500)
    return HttpResponseServerError(render_to_string("500.html", {"request_id": current_id()}))


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or _is_v3(request)


def _is_v3(request: HttpRequest) -> bool:
    return request.path.lstrip("/").startswith(("v3/", "api/v3/"))


def _problem(request: HttpRequest, status: int) -> HttpResponseBase:
    if _is_v3(request):
        return JsonResponse({"error": _WORDS[status]}, status=status)
    body: Any = problem(status, _WORDS[status]).data
    return JsonResponse(body, status=status, content_type="application/problem+json")
