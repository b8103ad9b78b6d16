"""The summary of calls, as a whole and by group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Tracker
from calls.payloads.values import display_name
from subscriptions.models import Company

from .call_sums import Sums, names_of
from .call_totals import sums_of
from .summing import MOST_GROUPS, Summing

# What calls are grouped by, and the columns it is made of.
GROUPS: dict[str, tuple[str, ...]] = {
    "source": ("source", "tracker"),
    "keywords": ("keywords",),
    "campaign": ("campaign",),
    "referrer": ("referrer",),
    "landing_page": ("landing_page_url",),
    "last_requested_page": ("last_requested_url",),
    "company": ("company__name",),
    "company_id": ("company__resource_id",),
}
# Groups that the index has; others read the rows.
INDEXED_GROUPS = ("source", "company", "company_id")


class CallsSummary(Summing):
    def get(self, request: Request, account: str) -> Response:
        params = self.params
        names = names_of(params.many("fields"))
        group = params.choice("group_by", {name: name for name in GROUPS})
        query, rows = self.query()
        if not query.in_index or "first_time_callers" in names or (group and group not in INDEXED_GROUPS):
            rows = query.bounded("This filter, group or field", rows)
        if group and group not in INDEXED_GROUPS:
            query.ask_calls()
        columns = GROUPS[group] if group else ()
        groups = sums_of(query, rows, *columns, names=names)
        first = None if query.range.start else self.first(query.in_range, "start_time")
        total = Sums()
        for sums in groups.values():
            total.add({f"sum_{name}": value for name, value in vars(sums).items()})
        body = {**self.told_range(query.range, first), "total_results": total.shown(names)}
        if group == "source":
            groups = _by_shown_source(query.company, groups)
        if group:
            body |= {"grouped_by": group, "grouped_results": list(_largest_first(groups, names))}
        return Response(body)


Groups = dict[tuple[Any, ...], Sums]


def _by_shown_source(company: Company, groups: Groups) -> Groups:
    """A source is the call's own or that of its tracking number, as it is shown everywhere."""
    trackers = {tracker for source, tracker in groups if not source}
    sources = dict(Tracker.objects.filter(company=company, pk__in=trackers).values_list("pk", "source"))
    merged: Groups = {}
    for (source, tracker), sums in groups.items():
        shown = display_name(source or sources.get(tracker, ""))
        merged.setdefault((shown,), Sums()).add({f"sum_{name}": value for name, value in vars(sums).items()})
    return merged


def _largest_first(groups: Groups, names: list[str]) -> Iterator[dict[str, Any]]:
    largest = sorted(groups.items(), key=lambda item: (-item[1].calls, str(item[0][0] or None)))
    for (key,), sums in largest[:MOST_GROUPS]:
        yield {"key": key or None, **sums.shown(names)}
