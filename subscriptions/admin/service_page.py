"""The operators' Service page: health, drains, waiting webhooks, failing endpoints and background tasks."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from ..models import DrainSlot, EndpointHealth, ServiceOutage
from ..tenancy.access import access_of
from ..worker import health, queue_status
from . import backlog
from .kit import labels, times

OUTAGES_SHOWN = 5


def urls(site: AdminSite) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        if not access_of(request).all_companies:
            raise PermissionDenied
        return TemplateResponse(request, "admin/service.html", {**site.each_context(request), **_facts()})

    return [path("service/", site.admin_view(page), name="service")]


def _facts() -> dict[str, Any]:
    seen = health.look()
    waits = backlog.measure(None)
    own = queue_status.read_status()
    return {
        "title": "Service",
        "health": seen,
        "state": labels.badge("Healthy", "good") if seen.well else labels.badge("Unhealthy", "bad"),
        "drains": [_drain(slot) for slot in DrainSlot.objects.order_by("number")[: seen.drains_wanted]],
        "waiting": _waiting(waits),
        "total": waits.total_in_words,
        "more": max(0, len(waits.waiting) - backlog.MAX_SHOWN),
        "troubled": [_troubled(row) for row in backlog.find_failing_endpoints(None)],
        "own": own,
        "planned": [_planned(one) for one in own.planned],
        "outages": [_outage(one) for one in ServiceOutage.objects.order_by("-pk")[:OUTAGES_SHOWN]],
        "failed": [(one.name, times.time_tag(one.at), one.error) for one in own.failed],
    }


def _drain(slot: DrainSlot) -> dict[str, Any]:
    alive = slot.beat_at is not None and (times.seconds_since(slot.beat_at) < health.BEAT_SECONDS)
    return {
        "number": slot.number,
        "state": labels.badge("Running", "good") if alive else labels.badge("No heartbeat", "bad"),
        "where": f"{slot.host}, process {slot.pid}" if slot.host else "",
        "since": times.time_tag(slot.started_at),
        "beat": times.format_relative(slot.beat_at) or "never",
    }


def _waiting(seen: backlog.Backlog) -> list[dict[str, Any]]:
    shown = seen.waiting[: backlog.MAX_SHOWN]
    known = backlog.load_subscriptions([one.subscription_id for one in shown])
    return [
        {
            "subscription": known[one.subscription_id],
            "rows": backlog.format_count(one.rows),
            "flying": one.flying,
            "late": times.format_duration(one.late) if one.late > 0 else "",
        }
        for one in shown
        if one.subscription_id in known
    ]


def _planned(one: queue_status.Planned) -> tuple[str, str]:
    name = one.name.removeprefix("callhooks ")
    when = times.format_relative(one.next_at) if one.next_at else "not planned"
    return name[:1].upper() + name[1:], "now" if when.endswith("ago") else when


def _outage(one: ServiceOutage) -> dict[str, Any]:
    until = one.ended_at
    return {
        "began": times.time_tag(one.began_at),
        "ended": times.time_tag(until) if until else labels.badge("Lasts", "bad"),
        "what": f"{one.hosts} hosts of {one.companies} companies: {one.errors}",
    }


def _troubled(row: EndpointHealth) -> dict[str, Any]:
    return {
        "subscription": row.subscription,
        "since": times.time_tag(row.failing_since),
        "why": row.last_failure,
        "left_alone": times.time_tag(row.open_until)
        if row.open_until and times.seconds_since(row.open_until) < 0
        else "",
    }
