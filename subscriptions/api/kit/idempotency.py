"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that is sent again is carried out once.

Same key and same request: the same answer, word for word. Same key and another request: 422. The first one is still
being carried out: 409. Only what was carried out is kept (2xx); a request that was refused may be put right and sent
again under its key.

Invariants
- A key is held by an advisory lock of the transaction that carries the request out: whoever dies leaves no key behind
  that is "in flight" for ever.
- The answer is stored in that transaction. There is no moment at which a crash leaves the effect without the answer.
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
# As the draft has it, a text in quotes (RFC 8941); most programs send it bare.
_KEY = re.compile(r'"([\x20-\x21\x23-\x5b\x5d-\x7e]+)"|([\x21\x23-\x5b\x5d-\x7e]+)')
_KEPT_HEADERS = ("Location", "ETag")


class KeyReused(exceptions.APIException):
    status_code = 422
    default_detail = (
        "This Idempotency-Key came with another request before. Use a new key for a new request, and the same body for "
        "a repeat."
    )


class AlreadyAnswered(Exception):
    """The request was carried out before: `answer` is what was answered then."""

    def __init__(self, answer: IdempotentAnswer) -> None:
        super().__init__()
        self.answer = answer


def key_of(request: Any) -> str | None:
    """The key of a request that is to be carried out once, or None. Raises ValidationError."""
    given = request.headers.get(HEADER)
    if given is None or request.method not in METHODS:
        return None
    found = _KEY.fullmatch(given.strip())
    if not found or len(found[1] or found[2]) > LONGEST:
        raise exceptions.ParseError(f"{HEADER} must be 1 to {LONGEST} printable ASCII characters, such as a UUID.")
    return found[1] or found[2]


def claim(company_id: int, key: str, request: Request) -> str:
    """Hold the key until this transaction ends; the request's digest. Raises AlreadyAnswered, KeyReused or Conflict."""
    digest = _digest(request)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, %s))", [f"idempotency {key}", company_id])
        (held,) = cursor.fetchone()
    if not held:
        raise Conflict("A request with this Idempotency-Key is being carried out. Wait a moment, then repeat it.")
    known = IdempotentAnswer.objects.filter(company_id=company_id, key=key).first()
    if known is None:
        return digest
    if known.digest != digest:
        raise KeyReused
    raise AlreadyAnswered(known)


def keep(company_id: int, key: str, digest: str, response: Response) -> None:
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
    # Another key's answer may hold what this one may not see, such as a new key.
    asker = str(request.auth.pk).encode()
    parts = [str(request.method).encode(), http.get_full_path().encode(), http.body, asker]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
