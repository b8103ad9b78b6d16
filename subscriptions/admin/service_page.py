"""The operators' page of the service itself: is it well, who delivers, what waits and where, what of its own work
failed. Each question is bounded, so the page answers while a million deliveries wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from .. import background, health
from ..models import DrainSlot, EndpointHealth, Subscription
from . import words
from .reach import reach_of

MOST_COUNTED = 10_000  # beyond that "more than" says enough, and counting on would cost
MOST_SHOWN = 20

# Rows that wait, endpoint by endpoint along the partial index: its head is asked for, never the whole of it.
_WAITING = """
WITH RECURSIVE endpoint (id) AS (
    (SELECT subscription_id FROM subscriptions_delivery WHERE state = 'pending' ORDER BY subscription_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.subscription_id FROM subscriptions_delivery d
             WHERE d.state = 'pending' AND d.subscription_id > endpoint.id ORDER BY d.subscription_id LIMIT 1)
      FROM endpoint WHERE endpoint.id IS NOT NULL
)
SELECT endpoint.id, counted.rows, counted.flying,
       extract(epoch FROM clock_timestamp() - counted.oldest)::float8
  FROM (SELECT id FROM endpoint WHERE id IS NOT NULL LIMIT %(endpoints)s) endpoint
 CROSS JOIN LATERAL (
    SELECT count(*) AS rows, count(first.claim) AS flying,
           least((SELECT min(due_at) FROM subscriptions_delivery d
                   WHERE d.subscription_id = endpoint.id AND d.lane = 0 AND d.state = 'pending'),
                 (SELECT min(due_at) FROM subscriptions_delivery d
                   WHERE d.subscription_id = endpoint.id AND d.lane = 1 AND d.state = 'pending')) AS oldest
      FROM (SELECT d.claim FROM subscriptions_delivery d
             WHERE d.subscription_id = endpoint.id AND d.state = 'pending' LIMIT %(rows)s) first) counted
 ORDER BY counted.rows DESC, endpoint.id
"""
MOST_ENDPOINTS = 500  # looked at; an index look-up each


@dataclass(frozen=True)
class Waiting:
    """What waits for one subscription. `late` is how long the row that was due first has been due, in words."""

    subscription: Subscription
    rows: str
    flying: int
    late: str


def urls(site: AdminSite) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        if not reach_of(request).everything:
            raise PermissionDenied
        return TemplateResponse(request, "admin/service.html", {**site.each_context(request), **_facts()})

    return [path("service/", site.admin_view(page), name="service")]


def _facts() -> dict[str, Any]:
    seen = health.look()
    waiting, total = _waiting()
    own = background.look()
    return {
        "title": "Service",
        "health": seen,
        "state": words.badge("Well", "good") if seen.well else words.badge("Not well", "bad"),
        "drains": [_drain(slot) for slot in DrainSlot.objects.order_by("number")[: seen.drains_wanted]],
        "waiting": waiting[:MOST_SHOWN],
        "total": total,
        "more": max(0, len(waiting) - MOST_SHOWN),
        "troubled": [_troubled(row) for row in _in_trouble()],
        "own": own,
        "failed": [(one.name, words.when(one.at), one.said) for one in own.failed],
    }


def _drain(slot: DrainSlot) -> dict[str, Any]:
    alive = slot.beat_at is not None and (words.seconds_since(slot.beat_at) < health.BEAT_SECONDS)
    return {
        "number": slot.number,
        "state": words.badge("Works", "good") if alive else words.badge("Silent", "bad"),
        "where": f"{slot.host}, process {slot.pid}" if slot.host else "",
        "since": words.when(slot.started_at),
        "beat": words.span(slot.beat_at) or "never",
    }


def _waiting() -> tuple[list[Waiting], str]:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"endpoints": MOST_ENDPOINTS, "rows": MOST_COUNTED + 1})
        found = cursor.fetchall()
    rows = Subscription.objects.select_related("company").defer("company__signing_key", *Subscription.ENCRYPTED)
    known = rows.in_bulk([pk for pk, *_ in found])
    waiting = [
        Waiting(known[pk], _count(count), flying, words.length(late) if late > 0 else "")
        for pk, count, flying, late in found
        if pk in known
    ]
    whole = all(count <= MOST_COUNTED for _, count, *_ in found) and len(found) < MOST_ENDPOINTS
    total = sum(min(count, MOST_COUNTED) for _, count, *_ in found)
    return waiting, f"{total:,}" if whole else f"More than {total:,}"


def _count(count: int) -> str:
    return f"{count:,}" if count <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"


def _in_trouble() -> list[EndpointHealth]:
    """Endpoints that have only failed for a while, the longest first."""
    rows = EndpointHealth.objects.filter(failing_since__isnull=False).exclude(
        subscription__state=Subscription.State.ARCHIVED
    )
    rows = rows.select_related("subscription__company").order_by(F("failing_since").asc())
    hidden = [f"subscription__{name}" for name in Subscription.ENCRYPTED]
    return list(rows.defer("subscription__company__signing_key", *hidden)[:MOST_SHOWN])


def _troubled(row: EndpointHealth) -> dict[str, Any]:
    return {
        "subscription": row.subscription,
        "since": words.when(row.failing_since),
        "why": row.last_failure,
        "left_alone": words.when(row.open_until) if row.open_until and words.seconds_since(row.open_until) < 0 else "",
    }
