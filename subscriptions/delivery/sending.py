"""One attempt: from the claimed row to a signed request, and from its answer to an outcome. No database, no ORM."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from ..lib import answer_text
from ..tracing import spans, trace_ids
from . import batching, outage_rules, outages
from .credentials import Credentials
from .form_encoding import CONTENT_TYPES, encode_body
from .http.messages import Answer, Request
from .masking import holds, masked, masked_bytes
from .oauth import Client, Tokens
from .outbox import Claimed, Outcome
from .signing import delivery_headers
from .verdict import OBEYS_RETRY_AFTER, judge, judge_in_outage

logger = logging.getLogger(__name__)

SHORTEST_TOKEN = 12  # characters of a part of it, for the same reason
SHORTEST_SECRET = 8  # characters of a path: a shorter one is no secret, and would be masked wherever it stands

# JSON in PostgreSQL holds no NUL, and a page shows no other control character either.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
UNREADABLE = (
    "A fault in this service kept it from being sent: the body or the subscription's secrets could not be read."
)


@dataclass(slots=True)  # not frozen: that would triple what it costs to make one
class SignedRequest:
    """A request as it is sent, its headers as the log shows them, and what the log must not show. `fault`: why it
    cannot be sent. `started_at`: seconds since 1970 by the database's clock."""

    request: Request = field(repr=False)
    shown: dict[str, str]
    secrets: tuple[str, ...] = field(repr=False)
    started_at: float
    fault: str = ""
    token: str = field(default="", repr=False)  # the access token in it


@dataclass(frozen=True, slots=True)
class Sending:
    """How claimed deliveries become requests, and answers outcomes. `clock_offset` is the database's clock minus this
    machine's, in seconds. Nothing here raises: a claimed delivery without an outcome waits for its lease to end."""

    decrypt: Callable[[str], str]
    user_agent: str
    retry_scale: float
    tokens: Tokens = field(default_factory=Tokens)  # outlive the drains of their process

    def sign(self, claimed: Claimed, clock_offset: float, token: str = "") -> SignedRequest:
        """`token`: the access token, for a subscription with an OAuth client."""
        started_at = time.time() + clock_offset
        try:
            return self._build(claimed, started_at, token)
        except Exception:
            logger.exception(
                "Delivery %s: what is stored for its subscription could not be read.", claimed.id, extra=claimed.ids()
            )
            return SignedRequest(Request(claimed.url, {}, b""), {}, (), started_at, UNREADABLE)

    def _build(self, claimed: Claimed, started_at: float, access_token: str) -> SignedRequest:
        secrets = [self.decrypt(claimed.secret)]
        if claimed.previous_secret:
            secrets.append(self.decrypt(claimed.previous_secret))
        together = claimed.together
        body = (
            batching.write_body(together.parts, together.kind, lines=together.lines)
            if together
            else encode_body(claimed.body, claimed.encoding)
        )
        ours = delivery_headers(
            body,
            user_agent=self.user_agent,
            webhook_id=batching.webhook_id(together.id) if together else f"evt_{claimed.event_id.hex}",
            event_type=claimed.event_type,
            sequence=claimed.sequence,
            attempt=claimed.attempt,
            timestamp=int(started_at),
            signing_key=self.decrypt(claimed.signing_key),
            secrets=secrets,
            content_type=CONTENT_TYPES[claimed.encoding],
        )
        if together:
            ours = batching.own_headers(ours, together.kind, lines=together.lines, events=len(together.parts))
        elif claimed.headers:
            ours |= json.loads(claimed.headers)
        if claimed.send_traceparent:
            place = trace_ids.attempt_place(claimed.event_id, claimed.id, claimed.attempt)
            ours[trace_ids.HEADER] = trace_ids.write_header(place, sampled=spans.is_sampled(claimed.event_id))
        keys = _with_and_without_prefix(tuple(secrets))
        url = claimed.url
        if claimed.secret_url:
            url = self.decrypt(claimed.secret_url)
            keys += _secret_parts(url)
        credentials = _credentials(claimed, self.decrypt, access_token)
        if not credentials:
            return SignedRequest(Request(url, ours, body, tenant=claimed.company), ours, keys, started_at)
        # The rules refuse a name of ours when it is saved; a row from before such a rule must not send it twice.
        names = {name.lower() for name in ours}
        theirs, shown = (
            {name: value for name, value in headers.items() if name.lower() not in names}
            for headers in (credentials.sent(), credentials.shown())
        )
        request = Request(url, ours | theirs, body, credentials.certificate, claimed.company)
        return SignedRequest(request, ours | shown, (*keys, *credentials.secrets()), started_at)

    def outcome(self, claimed: Claimed, signed: SignedRequest, answer: Answer, clock_offset: float) -> Outcome:
        message = _text(answer.message) if answer.message else ""
        verdict = judge(
            status=answer.status if not answer.error else None,
            message=message,
            error=answer.error,
            retry_after=_header(answer, "retry-after") if answer.status in OBEYS_RETRY_AFTER else "",
            tries=claimed.attempt - claimed.round_began_after,
            age=claimed.age,
            now=time.time() + clock_offset,
            scale=self.retry_scale,
            outage=answer.error in outage_rules.ERRORS and outages.ongoing(),
            policy=claimed.retry_policy,
            # Of several events one may be what the server refuses: the next requests are smaller (`gathering.py`).
            retry_refusals=claimed.retry_refusals or len(claimed.parts()) > 1,
        )
        return Outcome(
            claimed=claimed,
            state="failed" if claimed.once and verdict.state == "pending" else verdict.state,
            wait=verdict.wait,
            reason=verdict.reason[:300],
            free=verdict.free,
            gone=verdict.gone,
            retry_after=verdict.retry_after,
            ours=verdict.ours,
            started_at=signed.started_at,
            duration_ms=answer.duration_ms,
            request_headers=list(signed.shown.items()),
            status_code=answer.status,
            response_headers=_without_secrets(answer.headers, signed.secrets),
            response_body=_without_secrets_in(answer, signed.secrets) if answer.body else b"",
            truncated=answer.truncated,
            error=answer.error[:40],
            message=message[:300],
        )

    def excuse(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Outcomes as they are written: what failed by an outage of our own that was noticed after the answer came
        costs no attempt either."""
        if not outages.ongoing():
            return outcomes
        return [
            self._excuse(one) if one.error in outage_rules.ERRORS and not one.ours and not one.claimed.once else one
            for one in outcomes
        ]

    def _excuse(self, outcome: Outcome) -> Outcome:
        together = outcome.claimed.together  # they stay together: the same wait for each
        jitter = together.id.int % 2001 / 1000 - 1 if together else None
        verdict = judge_in_outage(outcome.message, scale=self.retry_scale, jitter=jitter)
        return replace(
            outcome, state=verdict.state, wait=verdict.wait, reason=verdict.reason[:300], free=True, ours=True
        )


def unsendable(fault: str) -> Answer:
    """The answer of a request that was never sent, for a fault of ours."""
    return Answer(None, [], b"", False, 0, "internal", fault)


@lru_cache(maxsize=4096)
def _with_and_without_prefix(secrets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(spelled for secret in secrets for spelled in (secret, secret.removeprefix("whsec_")))


@lru_cache(maxsize=4096)
def _secret_parts(url: str) -> tuple[str, ...]:
    """The URL, and what of it is secret: it must not be found in an answer that repeats it."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    # Its keys and tokens, each alone: a server may repeat the query as an object, or the end of the path.
    pieces = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
    tokens = [piece for piece in pieces if len(piece) >= SHORTEST_TOKEN]
    return (url, *([path] if len(path) >= SHORTEST_SECRET else []), *tokens)


def _credentials(claimed: Claimed, decrypt: Callable[[str], str], access_token: str) -> Credentials:
    stored = (
        claimed.custom_headers,
        claimed.auth_user,
        claimed.auth_password,
        claimed.auth_token,
        claimed.client_certificate,
        claimed.auth_client,
    )
    if not any(stored):
        return Credentials()
    headers, user, password, token, certificate, client = (decrypt(text) if text else "" for text in stored)
    own = json.loads(headers) if headers else {}
    return Credentials(own, user, password, access_token or token, certificate, Client.stored(client))


def _header(answer: Answer, wanted: str) -> str:
    return next((value for name, value in answer.headers if name.lower() == wanted), "")


def _without_secrets(headers: list[tuple[str, str]], secrets: tuple[str, ...]) -> list[tuple[str, str]]:
    """The client has made control characters visible already."""
    if not holds("\n".join([value for _, value in headers]), secrets):
        return headers
    return [(name, masked(value, secrets)) for name, value in headers]


def _without_secrets_in(answer: Answer, secrets: tuple[str, ...]) -> bytes:
    """The body as it came; where only its text shows that it holds a secret, that text without it, in its charset."""
    if not answer_text.is_plain(answer.headers):
        # The log shows it unpacked and in its charset.
        text = answer_text.decode(answer_text.unpack(answer.body, answer.headers), answer.headers).encode()
        shown = masked_bytes(text, secrets, cut=True)
        if shown != text:
            return answer_text.encode(shown.decode("utf-8", "replace"), answer.headers)
    return masked_bytes(answer.body, secrets, cut=answer.truncated)


def _text(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
