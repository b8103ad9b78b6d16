"""`ETag` of an object, and `If-Match`: who changes what they have read learns that somebody changed it meanwhile."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request


class PreconditionFailed(exceptions.APIException):
    status_code = 412
    default_detail = "It was changed since you read it. Read it again, and send the change with its new ETag."


def etag(shown: Any) -> str:
    """A strong tag of an object as it is shown."""
    text = json.dumps(shown, sort_keys=True, default=str, ensure_ascii=False)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def matches(condition: str, tag: str) -> bool:
    """Whether an `If-Match` or `If-None-Match` holds for the tag; a proxy that compresses makes tags weak."""
    given = [part.strip().removeprefix("W/") for part in condition.split(",")]
    return "*" in given or tag in given


def check(request: Request, shown: Any) -> None:
    """Raises PreconditionFailed when the request has an `If-Match` that does not hold."""
    condition = request.headers.get("If-Match")
    if condition is not None and not matches(condition, etag(shown)):
        raise PreconditionFailed
