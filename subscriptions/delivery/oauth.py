"""OAuth 2.0 client credentials (RFC 6749, section 4.4): what a subscription stores, the request for a token, what its
answer says, and the tokens of a process. Pure: no clock of its own, no network.

Invariants
- A token is used until shortly before its end, and never after a change of what is stored for its endpoint.
- Of one endpoint one request for a token is under way at a time.
"""

from __future__ import annotations

import base64
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from .http.messages import Answer, Request
from .masking import holds

LONGEST_VALUE = 2048
LONGEST_TOKEN = 8192  # of a token that a server gives out: some are signed lists of rights
# Where the answer does not say how long a token is good for.
ASSUMED_SECONDS = 300.0
LONGEST_SECONDS = 86_400.0
# A token is not used in its last minute, or its last tenth if it is short: requests under way must still be good.
MARGIN_SECONDS, MARGIN_PART = 60.0, 0.1
# However short a server says that its token lives, it is used so long: one that is over when it arrives would be asked
# for without end. A receiver that refuses it says so, and gets a new one.
LEAST_SECONDS = 5.0
MOST_TOKENS = 4096  # of endpoints, in one process; the oldest is fetched again
IN_HEADER, IN_BODY = "header", "body"
_TOKEN = re.compile(r"[\x21-\x7e]+")
_CODE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]{1,60}")  # RFC 6749, section 5.2


@dataclass(frozen=True, slots=True)
class Client:
    """How to get a token. `sends_in`: where the id and the secret stand, in a header (RFC 6749 prefers it) or in the
    body."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    audience: str = ""
    sends_in: str = IN_HEADER

    @classmethod
    def stored(cls, text: str) -> Client | None:
        """From what `as_text` made; None of nothing."""
        return cls(**json.loads(text)) if text else None

    def as_text(self) -> str:
        return json.dumps(asdict(self))

    @property
    def host(self) -> str:
        return urlsplit(self.token_url).hostname or ""

    def request(self, *, user_agent: str, tenant: int) -> Request:
        asked = {"grant_type": "client_credentials", "scope": self.scope, "audience": self.audience}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "User-Agent": user_agent,
        }
        if self.sends_in == IN_BODY:
            asked |= {"client_id": self.client_id, "client_secret": self.client_secret}
        else:
            login = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode('ascii')}"
        body = urlencode({name: value for name, value in asked.items() if value}).encode("ascii")
        return Request(self.token_url, headers, body, tenant=tenant)


class NoToken(Exception):
    """Why there is no token, in words for whoever reads the log. Nothing of the answer's text stands in it but its
    error code: the rest may hold secrets."""


def read_answer(answer: Answer, client: Client) -> tuple[str, float]:
    """The token, and for how many seconds it is good. Raises NoToken."""
    where = f"No access token from {client.host}:"
    if answer.error or answer.status is None:
        raise NoToken(f"{where} {answer.message}")
    said = _object(answer)
    if not 200 <= answer.status < 300:
        code = said.get("error")
        known = ""
        if isinstance(code, str) and _CODE.fullmatch(code) and not holds(code, [client.client_secret]):
            known = f" ({code})"
        raise NoToken(f"{where} it answered {answer.status}{known}. Check the client id, the secret and the scope.")
    token, kind = said.get("access_token"), said.get("token_type", "Bearer")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token) or len(token) > LONGEST_TOKEN:
        raise NoToken(f"{where} its answer has no access_token that could be sent.")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise NoToken(f"{where} its token is of another type than Bearer.")
    return token, _seconds(said.get("expires_in"))


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        said = json.loads(answer.body) if not answer.truncated else None
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}


def _seconds(given: Any) -> float:
    """A number of seconds, some servers write it as text."""
    try:
        seconds = float(given) if not isinstance(given, bool) else ASSUMED_SECONDS
    except (TypeError, ValueError, OverflowError):
        return ASSUMED_SECONDS
    return min(seconds, LONGEST_SECONDS) if seconds > 0 else ASSUMED_SECONDS


@dataclass(slots=True)
class _Held:
    stored: str
    token: str = field(repr=False)
    until: float


class Tokens:
    """The tokens of a process, by endpoint. `stored` is the encrypted text of its client: another one is another
    client. Times are of the monotonic clock."""

    def __init__(self) -> None:
        self._held: OrderedDict[int, _Held] = OrderedDict()

    def get(self, endpoint: int, stored: str, now: float) -> str:
        """The token to send now; empty if one has to be fetched first."""
        held = self._held.get(endpoint)
        return held.token if held is not None and held.stored == stored and now < held.until else ""

    def keep(self, endpoint: int, stored: str, token: str, seconds: float, now: float) -> None:
        margin = min(MARGIN_SECONDS, seconds * MARGIN_PART)
        self._held[endpoint] = _Held(stored, token, now + max(seconds - margin, LEAST_SECONDS))
        self._held.move_to_end(endpoint)
        if len(self._held) > MOST_TOKENS:
            self._held.popitem(last=False)

    def drop(self, endpoint: int, token: str) -> None:
        """The endpoint refused this one. One that was fetched since stays."""
        held = self._held.get(endpoint)
        if held is not None and held.token == token:
            del self._held[endpoint]
