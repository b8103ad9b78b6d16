"""The summary of calls, as a whole and by group."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Call
from calls.payloads import values

from . import call_sums
from .summing import MOST_GROUPS, Summing

# What calls are grouped by, and the columns it is made of.
GROUPS: dict[str, tuple[str, ...]] = {
    "source": ("source", "tracker__source"),
    "keywords": ("keywords",),
    "campaign": ("campaign",),
    "referrer": ("referring_url",),
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
        names = call_sums.names_of(params.many("fields"))
        group = params.choice("group_by", {name: name for name in GROUPS})
        query, rows = self.query()
        if not query.in_index or "first_time_callers" in names or (group and group not in INDEXED_GROUPS):
            query.bounded("This filter, group or field")
        rows = call_sums.with_first_calls(rows, names)
        sums = call_sums.expressions(names)
        first = None if query.range.start else self.first(query.in_range, "start_time")
        body = {
            **self.told_range(query.range, first),
            "total_results": call_sums.shown(rows.aggregate(**sums), names),
        }
        if group:
            body |= {"grouped_by": group, "grouped_results": list(self._groups(rows, group, names))}
        return Response(body)

    def _groups(self, rows: QuerySet[Call], group: str, names: list[str]) -> Any:
        """The largest first. A source is the call's own or that of its tracking number, as it is shown everywhere; so
        those of one name are summed again here."""
        columns = GROUPS[group]
        # Sums that two groups of one name can be added by.
        wanted = call_sums.expressions(sorted({*names, "total_calls", "average_duration"}))
        merged: dict[Any, dict[str, Any]] = {}
        for row in rows.order_by().values(*columns).annotate(**wanted):
            key = _source(row) if group == "source" else row[columns[0]] or None
            merged[key] = _added(merged.get(key), row)
        largest = sorted(merged.items(), key=lambda item: (-item[1]["sum_total_calls"], str(item[0])))
        for key, sums in largest[:MOST_GROUPS]:
            yield {"key": key, **call_sums.shown(sums, names)}


def _source(row: dict[str, Any]) -> str | None:
    text = row["source"] or row["tracker__source"]
    return values.display_name(text) or None


def _added(sums: dict[str, Any] | None, row: dict[str, Any]) -> dict[str, Any]:
    mine = {name: value for name, value in row.items() if name.startswith("sum_")}
    if sums is None:
        return mine
    total, more = sums["sum_total_calls"], mine["sum_total_calls"]
    added = {}
    for name, value in mine.items():
        if "average" in name:
            added[name] = (float(sums[name] or 0) * total + float(value or 0) * more) / max(1, total + more)
        else:
            added[name] = sums[name] + value
    return added
