"""What the API raises beside the framework's own exceptions. `problems` answers them."""

from __future__ import annotations

import math
from http import HTTPStatus

from django.conf import settings
from rest_framework import exceptions

MAX_ERRORS = 50  # a body of a million wrong fields is not answered with a longer one


class BadQuery(exceptions.ValidationError):
    """Something in the query string is wrong: its errors name a `parameter`, those of a body a `pointer`."""


class TooLarge(exceptions.APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __init__(self) -> None:
        super().__init__(f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes. Send less at once.")


class TooMany(exceptions.APIException):
    """`wait`: seconds until there is room again."""

    status_code = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        limit = settings.API_REQUESTS_PER_MINUTE
        super().__init__(
            f"This key may send {limit:,} requests a minute, and sent more. Nothing was done. Go on in {self.wait} s."
        )


class TryAgain(exceptions.APIException):
    """Two requests waited for each other, and the database ended this one."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    wait = 1
    default_detail = "Another request was changing the same objects. Nothing was done; send it again."


class Conflict(exceptions.APIException):
    """The request is well formed, but the object is not in a state for it."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "This is not possible now."
