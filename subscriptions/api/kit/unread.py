"""Responses to keys without the scope `read`: they contain ids and what the request sent, and nothing that was stored
before. Otherwise a change that changes nothing would be a way to read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rest_framework.permissions import SAFE_METHODS

IDS = frozenset({"id", "resource_id"})


def may_read(key: Any) -> bool:
    return "read" in key.scopes


def limit_response(request: Any, response: Any, *, told: Collection[str] = (), masked: Collection[str] = ()) -> None:
    """Limit the body of a successful response to a change, unless the key may read.

    `told`: fields that the action is for, such as a new secret. `masked`: fields that are echoed as they are shown
    and not as they were sent, because they are secret."""
    if not 200 <= response.status_code < 300 or request.method in SAFE_METHODS or may_read(request.auth):
        return
    response.headers.pop("ETag", None)  # it is a hash of all fields: a value can be guessed with it
    if not isinstance(response.data, Mapping):
        return
    sent = request.data if isinstance(request.data, Mapping) else {}
    response.data = {
        name: sent[name] if name in sent and name not in masked else value
        for name, value in response.data.items()
        if name in IDS or name in told or name in sent
    }
