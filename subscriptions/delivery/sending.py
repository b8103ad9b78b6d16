"""One attempt, from the claimed row to its outcome. Runs in the drain's threads: no database, no ORM."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from .credentials import Credentials
from .http.client import Answer, Client, Request
from .masking import holds, masked, masked_bytes
from .outbox import Claimed, Outcome
from .signing import delivery_headers
from .verdict import OBEYS_RETRY_AFTER, judge

logger = logging.getLogger(__name__)

# JSON in PostgreSQL holds no NUL, and a page shows no other control character either.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNREADABLE = "A fault in this service kept the request from being sent: the subscription's secrets could not be read."


@dataclass(slots=True)  # not frozen: that would triple what it costs to make one
class _Letter:
    """A request's headers, the same as the log shows them, and what the log must not show."""

    headers: dict[str, str] = field(repr=False)
    shown: dict[str, str]
    secrets: tuple[str, ...] = field(repr=False)
    certificate: str = field(default="", repr=False)


def attempt(
    claimed: Claimed,
    *,
    client: Client,
    decrypt: Callable[[str], str],
    user_agent: str,
    clock_offset: float,
    retry_scale: float,
) -> Outcome:
    """Send one claimed delivery and judge the answer. `clock_offset` is the database's clock minus this machine's.

    Never raises: an attempt without an outcome would end the thread that made it."""
    started_at = time.time() + clock_offset
    try:
        letter = _written(claimed, decrypt=decrypt, user_agent=user_agent, timestamp=int(started_at))
    except Exception:
        logger.exception("Delivery %s: what is stored for its subscription could not be read.", claimed.id)
        letter = _Letter({}, {}, ())
        answer = Answer(None, [], b"", False, 0, "internal", _UNREADABLE)
    else:
        answer = client.send(Request(claimed.url, letter.headers, claimed.body, letter.certificate))
    now = time.time() + clock_offset
    message = _text(answer.message) if answer.message else ""
    verdict = judge(
        status=answer.status if not answer.error else None,
        message=message,
        error=answer.error,
        retry_after=_header(answer, "retry-after") if answer.status in OBEYS_RETRY_AFTER else "",
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
        retry_after=verdict.retry_after,
        started_at=started_at,
        duration_ms=answer.duration_ms,
        request_headers=list(letter.shown.items()),
        status_code=answer.status,
        response_headers=_without_secrets(answer.headers, letter.secrets),
        response_body=masked_bytes(answer.body, letter.secrets, cut=answer.truncated) if answer.body else b"",
        truncated=answer.truncated,
        error=answer.error[:40],
        message=message[:300],
    )


def _written(claimed: Claimed, *, decrypt: Callable[[str], str], user_agent: str, timestamp: int) -> _Letter:
    secrets = [decrypt(claimed.secret)]
    if claimed.previous_secret:
        secrets.append(decrypt(claimed.previous_secret))
    ours = delivery_headers(
        claimed.body,
        user_agent=user_agent,
        webhook_id=f"evt_{claimed.event_id.hex}",
        event_type=claimed.event_type,
        sequence=claimed.sequence,
        attempt=claimed.attempt,
        timestamp=timestamp,
        signing_key=decrypt(claimed.signing_key),
        secrets=secrets,
    )
    keys = _with_and_without_prefix(tuple(secrets))
    credentials = _credentials(claimed, decrypt)
    if not credentials:
        return _Letter(ours, ours, keys)
    # The rules refuse a name of ours when it is saved; a row from before such a rule must not send it twice.
    names = {name.lower() for name in ours}
    theirs, shown = (
        {name: value for name, value in headers.items() if name.lower() not in names}
        for headers in (credentials.sent(), credentials.shown())
    )
    return _Letter(ours | theirs, ours | shown, (*keys, *credentials.secrets()), credentials.certificate)


@lru_cache(maxsize=4096)
def _with_and_without_prefix(secrets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(spelled for secret in secrets for spelled in (secret, secret.removeprefix("whsec_")))


def _credentials(claimed: Claimed, decrypt: Callable[[str], str]) -> Credentials:
    stored = (
        claimed.custom_headers,
        claimed.auth_user,
        claimed.auth_password,
        claimed.auth_token,
        claimed.client_certificate,
    )
    if not any(stored):
        return Credentials()
    headers, user, password, token, certificate = (decrypt(text) if text else "" for text in stored)
    return Credentials(json.loads(headers) if headers else {}, user, password, token, certificate)


def _header(answer: Answer, wanted: str) -> str:
    return next((value for name, value in answer.headers if name.lower() == wanted), "")


def _without_secrets(headers: list[tuple[str, str]], secrets: tuple[str, ...]) -> list[tuple[str, str]]:
    """The client has made control characters visible already."""
    if not holds("\n".join([value for _, value in headers]), secrets):
        return headers
    return [(name, masked(value, secrets)) for name, value in headers]


def _text(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
