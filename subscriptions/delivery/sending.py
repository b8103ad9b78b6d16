"""One attempt, from the claimed row to its outcome. Runs in the drain's threads: no database, no ORM."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from .client import Answer, Client, Request
from .outbox import Claimed, Outcome
from .signing import delivery_headers
from .verdict import judge

MASK = "••••••"
# JSON in PostgreSQL holds no NUL, and a page shows no other control character either.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def attempt(
    claimed: Claimed,
    *,
    client: Client,
    decrypt: Callable[[str], str],
    user_agent: str,
    clock_offset: float,
    retry_scale: float,
) -> Outcome:
    """Send one claimed delivery and judge the answer. `clock_offset` is the database's clock minus this machine's."""
    secrets = [decrypt(stored) for stored in (claimed.secret, claimed.previous_secret) if stored]
    started_at = time.time() + clock_offset
    headers = delivery_headers(
        claimed.body,
        user_agent=user_agent,
        webhook_id=f"evt_{claimed.event_id.hex}",
        event_type=claimed.event_type,
        sequence=claimed.sequence,
        attempt=claimed.attempt,
        timestamp=int(started_at),
        signing_key=decrypt(claimed.signing_key),
        secrets=secrets,
    )
    answer = client.send(Request(claimed.url, headers, claimed.body))
    now = time.time() + clock_offset
    verdict = judge(
        status=answer.status if not answer.error else None,
        message=_text(answer.message),
        retry_after=_header(answer, "retry-after"),
        tries=claimed.attempt - claimed.round_began_after,
        age=claimed.age,
        now=now,
        scale=retry_scale,
    )
    return Outcome(
        claimed=claimed,
        state=verdict.state,
        wait=verdict.wait,
        reason=verdict.reason[:300],
        free=verdict.free,
        gone=verdict.gone,
        started_at=started_at,
        duration_ms=answer.duration_ms,
        request_headers=list(headers.items()),
        status_code=answer.status,
        response_headers=[(_text(name), _masked(_text(value), secrets)) for name, value in answer.headers],
        response_body=_masked_bytes(answer.body, secrets),
        truncated=answer.truncated,
        error=answer.error[:40],
        message=_text(answer.message)[:300],
    )


def _header(answer: Answer, wanted: str) -> str:
    return next((value for name, value in answer.headers if name.lower() == wanted), "")


def _text(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _masked(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK).replace(secret.removeprefix("whsec_"), MASK)
    return text


def _masked_bytes(body: bytes, secrets: Sequence[str]) -> bytes:
    for secret in secrets:
        for spelled in (secret, secret.removeprefix("whsec_")):
            body = body.replace(spelled.encode(), MASK.encode())
    return body
