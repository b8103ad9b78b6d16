"""`ETag` and `If-Match`: a change fails if the object has changed since the client read it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request


class PreconditionFailed(exceptions.APIException):
    status_code = 412
    default_detail = "The object has changed since you read it. Read it again and send your change with the new ETag."


def etag(shown: Any) -> str:
    """A strong ETag of an object's representation."""
    text = json.dumps(shown, sort_keys=True, default=str, ensure_ascii=False)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def matches(condition: str, tag: str) -> bool:
    """Whether an `If-Match` or `If-None-Match` matches the tag. Weak tags match too: proxies create them."""
    given = [part.strip().removeprefix("W/") for part in condition.split(",")]
    return "*" in given or tag in given


def check(request: Request, shown: Any) -> None:
    """Raise PreconditionFailed if the request has an `If-Match` that does not match."""
    condition = request.headers.get("If-Match")
    if condition is not None and not matches(condition, etag(shown)):
        raise PreconditionFailed
