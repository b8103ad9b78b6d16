"""The summary of forms, as a whole and by group."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from rest_framework.request import Request
from rest_framework.response import Response

from forms_intake.events import has_earlier

from .forms import FormQuery
from .summing import MOST_GROUPS, Summing

GROUPS: dict[str, tuple[str, ...]] = {
    "source": ("source",),
    "keywords": ("keywords",),
    "campaign": ("campaign",),
    "referrer": ("referrer",),
    "landing_page": ("landing_page_url",),
    "company": ("company__name",),
    "form_name": (),
}
SUMS = {
    "total_forms": Count("pk"),
    "first_forms": Count("pk", filter=Q(has_earlier=False)),
    "leads": Count("pk", filter=Q(lead_status="good_lead")),
}


class FormsSummary(Summing):
    def get(self, request: Request, account: str) -> Response:
        params = self.params
        asked = params.many("fields")
        names = [name for name in SUMS if name in asked] or ["total_forms"]
        group = params.choice("group_by", {name: name for name in GROUPS})
        query = FormQuery(self)
        rows = query.rows()
        if url := params.text("form_URL") or params.text("form_url"):
            rows = rows.filter(form_url=url)
        if rows is not query.in_range or group or names != ["total_forms"]:
            rows = query.bounded(rows)
        if params.many("custom_form_ids"):
            rows = rows.none()  # forms have no id of their own here
        if "first_forms" in names:
            rows = rows.annotate(has_earlier=has_earlier())
        sums = {f"sum_{name}": SUMS[name] for name in names}
        first = None if query.range.start else self.first(query.in_range, "submitted_at")
        total = rows.aggregate(**sums)
        body: dict[str, Any] = {
            **self.told_range(query.range, first),
            "total_results": {name: total[f"sum_{name}"] or 0 for name in names},
        }
        if group:
            columns = GROUPS[group] or ("company_id",)
            groups = list(rows.order_by().values(*columns).annotate(size=Count("pk"), **sums).order_by("-size"))
            body["grouped_by"] = group
            body["grouped_results"] = [
                {
                    "key": (row[columns[0]] or None) if GROUPS[group] else None,
                    **{name: row[f"sum_{name}"] for name in names},
                }
                for row in groups[:MOST_GROUPS]
            ]
        return Response(body)
