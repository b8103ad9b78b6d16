"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a repeated request is processed once.

Same key and same request: the stored response. Same key and another request: 422. The first request is still running:
409. Only successful responses (2xx) are stored, so a refused request can be corrected and sent again with its key.

Invariants
- The transaction of the request holds an advisory lock on the key. A crash releases it.
- The response is stored in the same transaction, so a crash never keeps the effect without the response.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.db import connection
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from ...models import IdempotentAnswer
from .errors import Conflict

HEADER = "Idempotency-Key"
METHODS = ("POST", "PATCH")
LONGEST = 255
# The draft requires a quoted string (RFC 8941). Most clients send it without quotes.
_KEY = re.compile(r'"([\x20-\x21\x23-\x5b\x5d-\x7e]+)"|([\x21\x23-\x5b\x5d-\x7e]+)')
_KEPT_HEADERS = ("Location", "ETag")


class KeyReused(exceptions.APIException):
    status_code = 422
    default_detail = (
        "This Idempotency-Key was used for another request. Use a new key for a new request, and the same body for a "
        "repeat."
    )


class AlreadyAnswered(Exception):
    """The request was processed before. `answer`: the stored response."""

    def __init__(self, answer: IdempotentAnswer) -> None:
        super().__init__()
        self.answer = answer


def key_of(request: Any) -> str | None:
    """The Idempotency-Key of the request, or None. Raises ParseError."""
    given = request.headers.get(HEADER)
    if given is None or request.method not in METHODS:
        return None
    found = _KEY.fullmatch(given.strip())
    if not found or len(found[1] or found[2]) > LONGEST:
        raise exceptions.ParseError(f"{HEADER} must be 1 to {LONGEST} printable ASCII characters, such as a UUID.")
    return found[1] or found[2]


def claim(company_id: int | None, key: str, request: Request) -> str:
    """Lock the key until the transaction ends and return the request's digest. Raises AlreadyAnswered, KeyReused or
    Conflict."""
    digest = _digest(request)
    with connection.cursor() as cursor:
        lock = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, %s))"
        cursor.execute(lock, [f"idempotency {key}", company_id or 0])
        (held,) = cursor.fetchone()
    if not held:
        raise Conflict("A request with this Idempotency-Key is still running. Wait a moment, then repeat it.")
    known = IdempotentAnswer.objects.filter(company_id=company_id, key=key).first()  # type: ignore[misc]  # null: an operator's key
    if known is None:
        return digest
    if known.digest != digest:
        raise KeyReused
    raise AlreadyAnswered(known)


def keep(company_id: int | None, key: str, digest: str, response: Response) -> None:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    IdempotentAnswer.objects.create(
        company_id=company_id,
        key=key,
        digest=digest,
        status=response.status_code,
        headers=headers,
        body=response.content.decode(),
    )


def _digest(request: Any) -> str:
    http = request._request
    # Another API key may not see the response: it may contain a new key.
    asker = str(request.auth.pk).encode()
    parts = [str(request.method).encode(), http.get_full_path().encode(), http.body, asker]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
