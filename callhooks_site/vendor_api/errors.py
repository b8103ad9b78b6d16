"""Every error as the vendor answers it: its status and `{"error": "…"}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response

from subscriptions.api.kit import problems

NO_PERMISSION = "You do not have permission to perform the requested action"
NOT_FOUND = "Not found: there is nothing with this id, or nothing that this key may see."
# The vendor has no 409, 412 and 415.
_STATUSES = {409: 422, 412: 422, 415: 406}


class BadRequest(exceptions.APIException):
    status_code = 400
    default_detail = "The request is not well formed."


class NotHere(exceptions.APIException):
    status_code = 404
    default_detail = NOT_FOUND


class Forbidden(exceptions.APIException):
    status_code = 403
    default_detail = NO_PERMISSION


class Unprocessable(exceptions.APIException):
    status_code = 422
    default_detail = "The request cannot be processed."


def handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """The answer to whatever a view raised."""
    known = problems.handler(error, context)
    status = _STATUSES.get(known.status_code, known.status_code)
    words = NOT_FOUND if status == 404 and not isinstance(error, NotHere) else known.data["detail"]
    return Response({"error": words}, status, headers=dict(known.headers))
