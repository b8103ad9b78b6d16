"""`ETag` and `If-Match`: a change fails if the object has changed since the client read it.

An ETag is a hash of the object's JSON, so that is made when the object is shown, and sent as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NoReturn

from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request


class PreconditionFailed(exceptions.APIException):
    status_code = 412
    default_detail = "The object has changed since you read it. Read it again and send your change with the new ETag."


class Shown(dict[str, Any]):
    """An object's representation that knows its JSON. It cannot change: `with_more` makes a plain dict of it."""

    __slots__ = ("json",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.json: bytes = JSONRenderer().render(values)

    def with_more(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**self, **values}

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("What is shown cannot be changed: its JSON is made already. Use with_more.")

    __setitem__ = __delitem__ = update = setdefault = pop = popitem = clear = __ior__ = _refuse


class Renderer(JSONRenderer):
    """JSON, which is not made a second time of what is `Shown`. It is never indented (`JSONNegotiation`)."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if isinstance(data, Shown):
            return data.json
        rendered: bytes = super().render(data, accepted_media_type, renderer_context)
        return rendered


def etag(shown: Shown) -> str:
    """A strong ETag of an object's representation."""
    return f'"{hashlib.sha256(shown.json).hexdigest()[:32]}"'


def matches(condition: str, tag: str) -> bool:
    """Whether an `If-Match` or `If-None-Match` matches the tag. Weak tags match too: proxies create them."""
    given = [part.strip().removeprefix("W/") for part in condition.split(",")]
    return "*" in given or tag in given


def check(request: Request, shown: Shown) -> None:
    """Raise PreconditionFailed if the request has an `If-Match` that does not match."""
    condition = request.headers.get("If-Match")
    if condition is not None and not matches(condition, etag(shown)):
        raise PreconditionFailed
