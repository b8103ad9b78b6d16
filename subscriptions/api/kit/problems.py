"""Every error in one shape: RFC 9457 problem details, `application/problem+json`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.core.exceptions import NON_FIELD_ERRORS, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import DataError, OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.log import log_response
from psycopg.errors import DeadlockDetected
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from ...lib.errors import ActionRefused
from .errors import MAX_ERRORS, BadQuery, Conflict, TooLarge, TooMany, TryAgain

logger = logging.getLogger("django.request")
_NO_FIELD = (NON_FIELD_ERRORS, api_settings.NON_FIELD_ERRORS_KEY)


def problem(
    status: int,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(body, status, headers=dict(headers or {}), content_type="application/problem+json")


def list_errors(error: Exception) -> list[dict[str, str]]:
    """The errors of a body, each with a JSON pointer."""
    known = _to_api_exception(error)
    assert known is not None
    return list(_flatten(known.detail, "pointer"))[:MAX_ERRORS]


def handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """The response for an exception of a view. Unexpected ones are logged and become 500."""
    set_rollback()
    known = _to_api_exception(error)
    if known is None:
        return _log_and_answer_500(error, context["request"])
    headers = {}
    if getattr(known, "auth_header", None):
        headers["WWW-Authenticate"] = known.auth_header  # type: ignore[attr-defined]
    if getattr(known, "wait", None):
        headers["Retry-After"] = str(known.wait)  # type: ignore[attr-defined]
    if not isinstance(known.detail, list | dict):
        return problem(known.status_code, str(known.detail), headers=headers)
    errors = list(_flatten(known.detail, "parameter" if isinstance(known, BadQuery) else "pointer"))
    return problem(known.status_code, _summary(errors), errors=errors[:MAX_ERRORS], headers=headers)


def _to_api_exception(error: Exception) -> exceptions.APIException | None:
    match error:
        case exceptions.UnsupportedMediaType():
            words = "Send the body as JSON, with the header 'Content-Type: application/json'."
            return exceptions.UnsupportedMediaType("", words)
        case exceptions.Throttled():
            return TooMany(getattr(error, "wait", None) or 1)
        case exceptions.APIException():
            return error
        case Http404():
            return exceptions.NotFound("There is nothing at this URL, or this key may not see it.")
        case DjangoPermissionDenied():
            return exceptions.PermissionDenied()
        case DjangoValidationError():
            return exceptions.ValidationError(_as_detail(error))
        case ActionRefused():
            return Conflict(str(error))
        case RequestDataTooBig():
            return TooLarge()
        case SuspiciousOperation() | UnreadablePostError():
            return exceptions.ParseError("The request is malformed or incomplete.")
        case OperationalError() if isinstance(error.__cause__, DeadlockDetected):
            return TryAgain()
        case DataError():
            # Serializers check the limits of every column. This catches what they miss.
            logger.warning("The database refused a value that the API had accepted.", exc_info=error)
            return exceptions.ValidationError("A value is too large to store.")
    return None


def _log_and_answer_500(error: Exception, request: Any) -> Response:
    # As Django does for an uncaught exception, but without an HTML page.
    got_request_exception.send(sender=None, request=request)
    answer = problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Internal error. The operator can find details in the log. Try again later.",
    )
    log_response("%s: %s", "Internal Server Error", request.path, response=answer, request=request, exception=error)
    return answer


def _as_detail(error: DjangoValidationError) -> dict[str, list[str]] | list[str]:
    return error.message_dict if hasattr(error, "error_dict") else error.messages


def _flatten(detail: Any, place: str, path: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """Flatten errors of nested fields and lists."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flatten(inner, place, path if name in _NO_FIELD else (*path, str(name)))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flatten(inner, place, path)
    else:
        yield {place: _pointer(path) if place == "pointer" else ".".join(path), "detail": str(detail)}


def _pointer(path: tuple[str, ...]) -> str:
    """A JSON pointer as a URI fragment (RFC 6901): `#/tags/0`; `#` is the whole body."""
    return "#" + "".join("/" + quote(part.replace("~", "~0").replace("/", "~1"), safe="~") for part in path)


def _summary(errors: list[dict[str, str]]) -> str:
    first = errors[0]
    place = first.get("parameter") or first.get("pointer", "#").removeprefix("#").removeprefix("/")
    words = f"{place}: {first['detail']}" if place else first["detail"]
    return words if len(errors) == 1 else f"{words} And {len(errors) - 1} more: see errors."
