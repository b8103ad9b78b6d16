"""Saved views: the filters of the page under a name, as tabs above the list. A person's own are theirs alone; a
company's are seen by all, and changed by its owners and admins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from subscriptions.tenancy.access import access_of

from . import reading
from .filters import NEWEST, BadFilter, Filters, read
from .models import SavedView

MOST_VIEWS = 20  # of a person in a company, and of a company
# A tab counts no further than this, in this many of the newest rows: a view may be of anything.
MOST_COUNTED, ROWS_COUNTED = 99, 10_000
COUNTED_VIEWS = 10

# What every company has: a name, the filters, and whether its rows wait for somebody.
READY_MADE = (("To call back", Filters(outcome="to_call_back", since="7d"), True),)


@dataclass(frozen=True)
class Tab:
    """`count`: empty where it is not counted. `edit_url`: where it can be renamed and deleted, if the user may."""

    name: str
    url: str
    count: str
    current: bool
    bad: bool = False
    edit_url: str = ""


def list_tabs(
    request: HttpRequest, company: int, filters: Filters, link: Callable[[Filters], str], shown: str
) -> list[Tab]:
    """`shown`: how many rows the page itself has."""
    now = replace(filters.place, sort=NEWEST)
    tabs = [Tab("Everything", link(Filters()), "" if now.any_set else shown, not now.any_set)]
    for name, asked, waits in READY_MADE:
        number = shown if now == asked else count(asked, company)
        tabs.append(Tab(name, link(asked), number, now == asked, bad=waits and number not in ("", "0")))
    for place, view in enumerate(visible(request, company)):
        asked_for = filters_of(view)
        counted = shown if now == asked_for else count(asked_for, company) if place < COUNTED_VIEWS else ""
        edit = reverse("admin:activity_view", args=[view.pk]) if may_change(request, view) else ""
        tabs.append(Tab(view.name, link(asked_for), counted, now == asked_for, edit_url=edit))
    return tabs


def visible(request: HttpRequest, company: int) -> list[SavedView]:
    """The user's own views and the company's, by name."""
    mine: Any = request.user
    rows = SavedView.objects.filter(Q(owner=None) | Q(owner=mine), company=company)
    return list(rows.order_by("name", "pk")[: 2 * MOST_VIEWS])


def filters_of(view: SavedView) -> Filters:
    """Everything, if the view asks for what no longer exists."""
    try:
        return read(QueryDict(view.query)).place
    except BadFilter:
        return Filters()


def may_change(request: HttpRequest, view: SavedView) -> bool:
    access = access_of(request)
    if view.owner_id is None:
        return access.may_write(view.company_id)
    return view.owner_id == request.user.pk and access.may_read(view.company_id)


def count(filters: Filters, company: int) -> str:
    """`41`; `99+` for more; `41+` where not all rows were looked at. Empty for a search, which is not counted."""
    if filters.words:
        return ""
    reaches = reading.scan_end(filters, company, ROWS_COUNTED) if filters.scans else None
    parts = reading.parts_of(filters, company, reaches)
    number = sum(reading.count(rows, MOST_COUNTED + 1) for _, rows in parts)
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else f"{number}+" if reaches is not None else str(number)
