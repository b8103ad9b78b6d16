"""Wake-ups over Valkey or Redis, where the operator named one (WAKEUP_URL).

They carry no work and no state: who loses one looks a second later. So nothing here raises for a server that is away or
slow, and nothing waits long for it. A publisher that cannot reach it says so, and the caller takes PostgreSQL's NOTIFY,
which every drain hears as well; a listener that was cut off tries again every few seconds.
"""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

# A commit waits for it: a server on the same network answers in one.
TIMEOUT_SECONDS = 0.25
# After a failure it is left alone for so long: else every commit would wait for the timeout.
AWAY_SECONDS = 5.0
_away_until: dict[str, float] = {}


def publish(url: str, channel: str, payload: str) -> bool:
    """Wake who listens there. False when the server could not be told; then the caller rings otherwise."""
    if time.monotonic() < _away_until.get(url, 0.0):
        return False
    try:
        _client(url).publish(channel, payload)
    except redis.RedisError as error:
        _away_until[url] = time.monotonic() + AWAY_SECONDS
        logger.warning("The wake-up server is out of reach; PostgreSQL carries the wake-ups meanwhile: %s", error)
        return False
    return True


class Listener:
    """A subscription to the wake-ups. Used by one thread."""

    def __init__(self, url: str, channel: str) -> None:
        self._url = url
        self._channel = channel
        self._pubsub: Any = None
        self._try_at = 0.0
        self.tend()

    def tend(self) -> None:
        """Connect where there is no connection, if the last try is not too recent. Called now and then."""
        if self._pubsub is not None or time.monotonic() < self._try_at:
            return
        self._try_at = time.monotonic() + AWAY_SECONDS
        pubsub = _client(self._url).pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        try:
            pubsub.subscribe(self._channel)
        except redis.RedisError as error:
            pubsub.close()
            logger.warning("The wake-up server is out of reach; this drain hears PostgreSQL meanwhile: %s", error)
        else:
            self._pubsub = pubsub

    def descriptor(self) -> int | None:
        """What to wait on together with other descriptors; None while there is no connection."""
        # The library offers no other way to the socket.
        sock = getattr(self._pubsub.connection, "_sock", None) if self._pubsub is not None else None
        return sock.fileno() if sock is not None else None

    def heard(self) -> list[str]:
        """The payloads of the wake-ups since the last look. Does not wait."""
        if self._pubsub is None:
            return []
        heard = []
        try:
            # None is also the answer to the confirmation of the subscription, which is always the first.
            while self._pubsub.connection.can_read(timeout=0):
                if (message := self._pubsub.get_message(timeout=0)) is not None:
                    heard.append(message["data"].decode("ascii", "replace"))
        except (redis.RedisError, OSError) as error:
            logger.warning("The wake-up server went away; this drain hears PostgreSQL meanwhile: %s", error)
            self.close()
            heard.append("")  # what was lost with it may have been a wake-up
        return heard

    def close(self) -> None:
        if self._pubsub is not None:
            self._pubsub.close()
            self._pubsub = None


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    # No retry of its own: the next look, or PostgreSQL, comes sooner. valkey:// is what redis:// is.
    return redis.Redis.from_url(
        url.replace("valkey", "redis", 1) if url.startswith("valkey") else url,
        protocol=2,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
