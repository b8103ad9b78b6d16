"""Makes the manifest of one subscription and day, in batches: its memory is that of a page, however many events there
are, and no transaction stays open, because that would hold up the feed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from ...delivery.form_encoding import encode_body
from ...delivery.outbox.rows import sent_body
from ...events.erasing import BEGINNING as MARK
from ...events.erasing import sent_digest
from ...events.filtering import FILTERED
from ...events.manifest_events import MANIFEST
from ...models import Manifest, ManifestPage, Subscription
from . import telling
from .documents import EVENTS_PER_PAGE, build_document, line, pack

BATCH = 500  # rows of one statement, which takes some milliseconds

# What a filter left out and nobody sent by hand is not listed, nor are the events of manifests themselves. The hash is
# made where the body is, unless it is sent as form fields. An erased body has its hash with it.
_BATCH = f"""
WITH listed AS MATERIALIZED (
    SELECT d.id, d.created_at, d.event_id, d.payload_version, d.encoding, d.shaped, d.state,
           d.subscription_id
      FROM subscriptions_delivery d
     WHERE d.subscription_id = %(subscription)s
       AND (d.created_at, d.id) > (%(after)s, %(last)s) AND d.created_at < %(until)s
       AND NOT (d.state = 'cancelled' AND d.attempts = 0 AND d.reason LIKE %(filtered)s)
       AND (SELECT e.type FROM subscriptions_event e WHERE e.id = d.event_id) <> '{MANIFEST}'
     ORDER BY d.created_at, d.id LIMIT %(batch)s
), bodies AS (
    SELECT d.id, d.created_at, d.encoding, d.state, e.id AS event_id, e.type, e.subject_id, e.sequence,
           {sent_body()} AS body
      FROM listed d JOIN subscriptions_event e ON e.id = d.event_id
)
SELECT created_at, id, event_id, type, subject_id, sequence, state, encoding,
       CASE WHEN encoding <> 'json' OR substr(body, 1, {len(MARK)}) = convert_to('{MARK}', 'UTF8') THEN body
            ELSE sha256(body) END
  FROM bodies ORDER BY created_at, id
"""


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day, and of the day after."""
    start = datetime.combine(day, time.min, tzinfo=UTC)
    return start, start + timedelta(days=1)


def make(subscription: Subscription, day: date) -> Manifest | None:
    """Make it, unless it is there. Returns None if there is nothing to list. One process at a time may do this."""
    manifest = Manifest.objects.filter(subscription=subscription, day=day).first()
    if manifest is not None and manifest.document:
        return manifest
    if manifest is not None:  # a process that was killed left it unfinished
        manifest.delete()
    previous = Manifest.objects.filter(subscription=subscription, day__lt=day).order_by("-day").first()
    number = previous.number + 1 if previous is not None else 1
    manifest, pages, outcomes = None, [], Counter[str]()
    for lines, counted in _pages(subscription, day):
        if manifest is None:
            manifest = Manifest.objects.create(
                company_id=subscription.company_id, subscription=subscription, day=day, number=number
            )
        stored, digest = pack(lines)
        pages.append({"events": len(lines), "sha256": digest})
        ManifestPage.objects.create(manifest=manifest, number=len(pages), lines=stored)
        outcomes += counted
    if manifest is None:
        return None
    manifest.made_at = timezone.now()
    manifest.events, manifest.delivered = outcomes.total(), outcomes["delivered"]
    manifest.document = build_document(
        subscription, day, number=number, previous=previous, pages=pages, outcomes=outcomes, made_at=manifest.made_at
    )
    with transaction.atomic():
        manifest.save()
        telling.tell(manifest, subscription, outcomes, previous)
    return manifest


def _pages(subscription: Subscription, day: date) -> Iterator[tuple[list[str], Counter[str]]]:
    """The lines of a page, and how many of its events have which outcome."""
    lines: list[str] = []
    outcomes = Counter[str]()
    for event, kind, subject, sequence, state, digest in _events(subscription, day):
        lines.append(line(event, kind, subject, sequence, digest, state))
        outcomes[state] += 1
        if len(lines) == EVENTS_PER_PAGE:
            yield lines, outcomes
            lines, outcomes = [], Counter[str]()
    if lines:
        yield lines, outcomes


def _events(subscription: Subscription, day: date) -> Iterator[tuple[Any, ...]]:
    after, until = bounds(day)
    filtered = f"{FILTERED}%"
    values: dict[str, Any] = {
        "subscription": subscription.pk, "until": until, "filtered": filtered, "batch": BATCH,
    }  # fmt: skip
    last = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_BATCH, {**values, "after": after, "last": last})
            rows = cursor.fetchall()
        for created_at, delivery, event, kind, subject, sequence, state, encoding, told in rows:
            after, last = created_at, delivery
            told = bytes(told)
            digest = sent_digest(told, encoding)
            if digest is None:
                digest = told if encoding == "json" else hashlib.sha256(encode_body(told, encoding)).digest()
            yield event, kind, subject, sequence, state, digest
        if len(rows) < BATCH:
            return
