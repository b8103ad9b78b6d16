"""Reports for somebody who has several companies: the figures of each, fifty to a page, and the way to its report."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from subscriptions.models import Company
from subscriptions.replica.reading import Reader
from subscriptions.tenancy.access import access_of

from . import words
from .figures import Figures, read_companies, sum_up
from .period import LABELS, LAST_DAYS, Period, read_period

PAGE = 50  # companies; each one's days are read
LONGEST_NAME = 100


def all_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    # A day is that of each company's own time zone.
    name = request.GET.get("period", "")
    period = read_period({"period": name if name in LAST_DAYS else ""}, timezone.localdate())
    asked = request.GET.get("name", "").replace("\x00", "").strip()[:LONGEST_NAME]
    rows = access_of(request).limit(Company.objects.all(), "pk").order_by("name", "pk")
    if asked:
        rows = rows.filter(name__icontains=asked)
    page = Paginator(rows.values_list("pk", "name"), PAGE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    reader = Reader()
    figures = reader.read(lambda: read_companies([pk for pk, _ in found], period.since, period.until))

    def link(**changed: Any) -> str:
        every = {"period": period.parameters().get("period", ""), "name": asked, **changed}
        return f"?{urlencode({key: value for key, value in every.items() if value})}"

    context = {
        "title": "Reports",
        "late": words.late(reader.late),
        "period": period,
        "words": asked,
        "periods": [
            {"label": label, "url": link(period=key if key in LAST_DAYS else ""), "current": key == period.name}
            for key, label in LABELS.items()
        ],
        "rows": [_row(pk, name, figures.get(pk, Figures()), period) for pk, name in found],
        "total": _line(sum_up(figures.values())) if page.paginator.num_pages == 1 and len(found) > 1 else None,
        "newer": link(page=page.number - 1) if page.has_previous() else "",
        "older": link(page=page.number + 1) if page.has_next() else "",
        "count": page.paginator.count,
    }
    return TemplateResponse(request, "admin/reports/companies.html", {**site.each_context(request), **context})


def _row(pk: int, name: str, figures: Figures, period: Period) -> dict[str, Any]:
    query = urlencode({"company": pk, **period.parameters()})
    return {"name": name, "url": f"{reverse('admin:reports')}?{query}", **_line(figures)}


def _line(figures: Figures) -> dict[str, Any]:
    part = figures.answered_part
    return {
        "calls": f"{figures.calls:,}",
        "answered": "–" if part is None else words.percent(part),
        "missed": f"{figures.missed + figures.voicemail + figures.abandoned:,}",
        "first_time": f"{figures.first_time:,}",
        "texts": f"{figures.texts:,}",
        "forms": f"{figures.forms:,}",
    }
