"""Shaped bodies are stored with their event, one for each subscription that has a shape."""

from __future__ import annotations

import json
from collections.abc import Iterable
from uuid import UUID

from ...database.prepared import prepared_cursor
from ...models import Event, Subscription
from .. import catalogue
from .about import About
from .building import Shape, build

_WRITE = """
INSERT INTO subscriptions_shapedbody (event_id, subscription_id, body, headers)
SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[], %s::jsonb[])
    -- Of a delivery that was left out and never sent, and is sent as a past event.
    ON CONFLICT (event_id, subscription_id) DO UPDATE SET body = excluded.body, headers = excluded.headers
"""


def write(wanted: Iterable[tuple[UUID, int, Shape, bytes, About]]) -> None:
    """Build and write: (event, subscription, its shape, the body in its payload version, what the event is)."""
    rows = [(event, subscription, build(shape, body, about)) for event, subscription, shape, body, about in wanted]
    with prepared_cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                [event for event, _, _ in rows],
                [subscription for _, subscription, _ in rows],
                [shaped.body for _, _, shaped in rows],
                [json.dumps(shaped.headers) for _, _, shaped in rows],
            ],
        )


def freeze(event: Event, subscription: Subscription, body: bytes) -> None:
    """Store what this subscription gets of this event; `body` is the one of its payload version."""
    write([(event.id, subscription.pk, subscription.shape or {}, body, about(event))])


def about(event: Event) -> About:
    company = event.company
    return About(
        event.id,
        event.type,
        event.subject_id,
        company.resource_id,
        event.sequence,
        event.created_at.isoformat(),
        company.name,
        catalogue.link_of(event.type, event.subject_id),
    )
