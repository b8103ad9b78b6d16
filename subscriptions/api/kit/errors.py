"""Exceptions of the API. `problems` turns them into responses."""

from __future__ import annotations

import math
from http import HTTPStatus

from django.conf import settings
from rest_framework import exceptions

MAX_ERRORS = 50  # limits the size of the response


class BadQuery(exceptions.ValidationError):
    """The query string is invalid. Its errors have a `parameter` where those of a body have a `pointer`."""


class TooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __init__(self) -> None:
        super().__init__(f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes. Send a smaller one.")


class TooMany(exceptions.APIException):
    """`wait`: seconds until the next request is allowed."""

    status_code = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        limit = settings.API_REQUESTS_PER_MINUTE
        super().__init__(
            f"This key may send {limit:,} requests per minute. Nothing was done. Try again in {self.wait} s."
        )


class TryAgain(exceptions.APIException):
    """A deadlock: the database cancelled this request."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    wait = 1
    default_detail = "Another request is changing the same objects. Nothing was done. Send the request again."


class Conflict(exceptions.APIException):
    """The request is valid, but the object is not in a state that allows it."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "This is not possible now."
