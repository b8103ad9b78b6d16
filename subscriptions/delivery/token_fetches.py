"""Access tokens for the deliveries of a sender pool: fetched over its own loop, so that one that is late holds up
nobody, and its URL meets the same rules as every other. Used by the pool's thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable
from itertools import count
from typing import Protocol

from .http.messages import Answer, Request
from .oauth import Client, NoToken, Tokens, read_answer
from .outbox import Claimed
from .sending import UNREADABLE, Sending

logger = logging.getLogger(__name__)

_serial = count()  # the loop outlives pools: a key of an earlier one must not come again


class Starts(Protocol):
    def start(self, key: Hashable, request: Request) -> None: ...


class TokenFetches:
    def __init__(self, loop: Starts, sending: Sending) -> None:
        self._loop, self._sending = loop, sending
        self._under_way: dict[Hashable, tuple[int, str, Client]] = {}
        self._fetching: set[int] = set()

    @property
    def tokens(self) -> Tokens:
        return self._sending.tokens

    def token_for(self, job: Claimed) -> str | None:
        """The token to send with this delivery, empty where none is asked for; None: wait, it is being fetched. Raises
        NoToken."""
        if not job.auth_client:
            return ""
        token = self.tokens.get(job.endpoint, job.auth_client, time.monotonic())
        if token:
            return token
        if job.endpoint not in self._fetching:
            self._fetch(job)
        return None

    def _fetch(self, job: Claimed) -> None:
        try:
            client = Client.stored(self._sending.decrypt(job.auth_client))
        except Exception:
            logger.exception("The OAuth client of subscription %s could not be read.", job.endpoint)
            client = None
        if client is None:
            raise NoToken(UNREADABLE)
        key = ("token", job.endpoint, next(_serial))
        self._under_way[key] = (job.endpoint, job.auth_client, client)
        self._fetching.add(job.endpoint)
        self._loop.start(key, client.request(user_agent=self._sending.user_agent, tenant=job.company))

    def finish(self, key: Hashable, answer: Answer) -> tuple[int, str] | None:
        """If this is the answer of a request for a token: the endpoint that waits for it, and in words why there is
        none; empty if there is."""
        if key not in self._under_way:
            return None
        endpoint, stored, client = self._under_way.pop(key)
        self._fetching.discard(endpoint)
        try:
            token, seconds = read_answer(answer, client)
        except NoToken as why:
            return endpoint, str(why)
        self.tokens.keep(endpoint, stored, token, seconds, time.monotonic())
        return endpoint, ""
