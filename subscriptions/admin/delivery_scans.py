"""Which index serves the lists of deliveries and events; see `kit.index_scans`.

A delivery is created together with its event, so a filter by event type scans the index of events.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from ..models import Delivery, Event, Subscription
from ..tenancy.access import access_of
from .delivery_filters import FILTERED_STATE
from .kit.filters import SinceFilter, is_id
from .kit.index_scans import IndexScan, asked_companies, split_by

# States with an index of their own. Most deliveries are never in one of them, so the index is small.
UNSENT = frozenset({Delivery.State.FAILED.value, Delivery.State.HELD.value, Delivery.State.CANCELLED.value})
_NEWEST = ("-created_at", "-pk")
_SERVED = frozenset({"company", "since"})
# A lower limit than for one table: each event costs a lookup of its deliveries.
_EVENT_SCAN_LIMIT = 10_000


def events_of_type(request: HttpRequest) -> IndexScan | None:
    """Scan events of the chosen type. None if no type is chosen or all companies are shown."""
    chosen, companies = request.GET.get("type", ""), asked_companies(request)
    if not chosen or companies is None:
        return None
    rows = Event.objects.filter(type=chosen).order_by(*_NEWEST)
    parts = tuple(rows.filter(company=company) for company in companies)
    split = split_by(companies, "company")
    return IndexScan(parts, "created_at", "created_at", "created_at", _NEWEST, _SERVED | {"type"}, split=split)


def delivery_scan(request: HttpRequest) -> IndexScan | None:
    """None if the default scan by company and time is the best one."""
    if request.GET.get("type", ""):
        return _by_type(request)
    chosen, state = request.GET.get("subscription", ""), request.GET.get("state", "")
    rows = access_of(request).limit(Delivery.objects.order_by(*_NEWEST), "company")
    if is_id(chosen):
        parts: tuple[Any, ...] = (rows.filter(subscription=int(chosen)),)
        return IndexScan(parts, "created_at", "created_at", "created_at", _NEWEST, _SERVED | {"subscription"})
    companies = asked_companies(request)
    if companies is not None and state == FILTERED_STATE:
        # Those of the cancelled ones, whose reason is read.
        parts = tuple(rows.filter(company=company, state=Delivery.State.CANCELLED) for company in companies)
        split = split_by(companies, "company")
        return IndexScan(parts, "created_at", "created_at", "created_at", _NEWEST, _SERVED, split=split)
    if companies is not None and state in UNSENT:
        parts = tuple(rows.filter(company=company, state=state) for company in companies)
        split = split_by(companies, "company")
        return IndexScan(parts, "created_at", "created_at", "created_at", _NEWEST, _SERVED | {"state"}, split=split)
    return None


def _by_type(request: HttpRequest) -> IndexScan | None:
    chosen, companies = request.GET["type"], _companies(request)
    if companies is None:
        return IndexScan(
            (Event.objects.order_by("-pk"),),
            by="pk",
            path="event_id",
            time="created_at",
            order=("-event_id", "-pk"),
            served=frozenset(),
            most=_EVENT_SCAN_LIMIT,
            through=Event.objects.filter(type=chosen),
        )
    rows = Event.objects.filter(type=chosen).order_by(*_NEWEST)
    parts = tuple(rows.filter(company=company) for company in companies)
    narrowed = Q(event__company__in=companies)
    begins = SinceFilter.begins(request)
    if begins is not None:
        narrowed &= Q(event__created_at__gte=begins)
    return IndexScan(
        parts,
        by="created_at",
        path="event__created_at",
        time="created_at",
        order=("-event__created_at", "-event_id", "-pk"),
        served=_SERVED | {"type"},
        narrowed=narrowed,
        most=_EVENT_SCAN_LIMIT,
        split=split_by(companies, "company", "event__company"),
    )


def _companies(request: HttpRequest) -> list[int] | None:
    """The chosen companies, or the company of the chosen subscription."""
    companies, chosen = asked_companies(request), request.GET.get("subscription", "")
    if companies is not None or not is_id(chosen):
        return companies
    mine = access_of(request).limit(Subscription.with_alerts.filter(pk=int(chosen)), "company")
    return list(mine.values_list("company", flat=True))
