"""The headers of an event in the feed: those that a receiver of its webhook would get, signed now."""

from __future__ import annotations

import json
import time

from ..delivery.form_encoding import CONTENT_TYPES
from ..delivery.signing import delivery_headers
from ..delivery.webhook_client import USER_AGENT
from .reading import Feed, FeedEvent

FIRST_ATTEMPT = 1


class Signer:
    """Signs the events of a feed. A company's feed belongs to no subscription, so it has no `webhook-signature`, which
    is made with a subscription's secret; `Signature` is made with the company's key. Custom headers and logins of the
    subscription are secrets, for its server only: they are not here."""

    def __init__(self, feed: Feed) -> None:
        self._signing_key = feed.company.signing_key
        self._secrets = feed.subscription.secrets if feed.subscription is not None else []

    def headers(self, event: FeedEvent) -> dict[str, str]:
        if event.body is None:
            return {}
        headers = delivery_headers(
            event.body,
            user_agent=USER_AGENT,
            webhook_id=f"evt_{event.id.hex}",
            event_type=event.type,
            sequence=event.sequence,
            attempt=FIRST_ATTEMPT,
            timestamp=int(time.time()),
            signing_key=self._signing_key,
            secrets=self._secrets,
            content_type=CONTENT_TYPES[event.encoding],
        )
        if not self._secrets:
            del headers["webhook-signature"]
        return headers | json.loads(event.headers) if event.headers else headers
