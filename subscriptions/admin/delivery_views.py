"""The tabs above the log: what most people look for, and how many there are of what waits for somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from ..models import Delivery
from . import backlog
from .kit.filters import SinceFilter
from .kit.index_scans import asked_companies

State = Delivery.State
# Name, `since`, `state`, and whether its number waits for somebody.
TABS = (
    ("Last 24 hours", "24h", "", False),
    ("Trying again", "all", State.PENDING.value, True),
    ("Failed", "all", State.FAILED.value, True),
    ("Held", "all", State.HELD.value, False),
)
_OTHERS = ("type", "answer", "subscription", "q")


@dataclass(frozen=True)
class Tab:
    """`count`: empty where it is not counted."""

    name: str
    url: str
    count: str
    current: bool
    bad: bool


def list_tabs(request: HttpRequest) -> list[Tab]:
    given = request.GET
    now = (SinceFilter.chosen(request), given.get("state", ""))
    plain = not any(given.get(name) for name in _OTHERS)
    kept = {"company": given["company"]} if given.get("company") else {}
    counts = _count(request)
    return [
        Tab(
            name,
            f"?{urlencode({**kept, 'since': since, **({'state': state} if state else {})})}",
            backlog.format_count(counts[state]) if state in counts else "",
            plain and now == (since, state),
            waits and counts.get(state, 0) > 0,
        )
        for name, since, state, waits in TABS
    ]


def _count(request: HttpRequest) -> dict[str, Any]:
    """By state, of one company: of several, the numbers would say nothing that somebody can act on."""
    companies = asked_companies(request)
    if companies is None or len(companies) != 1:
        return {}
    return {State.PENDING.value: backlog.measure(companies).total, **backlog.count_unsent(companies)}
