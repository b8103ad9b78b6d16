"""The newest calls, texts and forms of all companies of somebody who has several.

The newest rows of all can only be those of the companies whose newest row is newest. So each company's index is asked
for one row, and only those of as many companies as a page has rows are read: thousands of companies cost one look each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from subscriptions.admin.kit.times import time_tag
from subscriptions.lib import opaque
from subscriptions.models import Company
from subscriptions.tenancy.access import Access, access_of

from .days import group_by_day
from .kinds import KINDS, Kind
from .reading import PAGE_SIZE, Key
from .rows import Row, read_rows

READ = 2 * PAGE_SIZE  # of each kind: a page, and as many that may have the time of its last row

_NEWEST = """
WITH company (id) AS ({companies}), newest AS (
    SELECT company.id, one.at FROM company CROSS JOIN LATERAL (
           SELECT {time} AS at FROM {table} WHERE company_id = company.id AND {time} < %(before)s
            ORDER BY {time} DESC, id DESC LIMIT 1) one
     ORDER BY one.at DESC LIMIT %(most)s
)
SELECT r.at, r.id, newest.id FROM newest CROSS JOIN LATERAL (
       SELECT {time} AS at, id FROM {table} WHERE company_id = newest.id AND {time} < %(before)s
        ORDER BY {time} DESC, id DESC LIMIT %(most)s) r
 ORDER BY 1 DESC, 2 DESC LIMIT %(most)s
"""


@dataclass(frozen=True)
class Found:
    """`older`: whether there are more."""

    keys: list[Key]
    companies: dict[Key, int]
    older: bool


def all_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    asked = request.GET.get("before", "")
    try:
        before = opaque.parse_moment(asked) if asked else None
    except ValueError:
        return HttpResponseRedirect(reverse("admin:activity"))
    found = read_newest(access_of(request), before)
    rows = read_rows(sorted(set(found.companies.values())), found.keys)
    _name_companies(rows, found)
    here = reverse("admin:activity")
    context = {
        "title": "Activity",
        "subtitle": "Calls, texts and forms of all companies, the newest first",
        "days": list(group_by_day(rows, {})),
        "all_companies": True,
        "deliveries_url": reverse("admin:subscriptions_delivery_changelist"),
        "older": f"{here}?{urlencode({'before': found.keys[-1].at.isoformat()})}" if found.older else "",
        "begins": time_tag(before),
        "newest": here,
    }
    return TemplateResponse(request, "activity/all.html", {**site.each_context(request), **context})


def read_newest(access: Access, before: datetime | None) -> Found:
    found: list[tuple[datetime, int, int, int]] = []
    for number, kind in enumerate(KINDS):
        found += [(at, number, pk, company) for at, pk, company in _read(kind, access, before)]
    found.sort(reverse=True)
    page = found[:PAGE_SIZE]
    # Those of the same moment, too: the next page begins before it.
    page += [one for one in found[PAGE_SIZE:] if one[0] == page[-1][0]]
    keys = {Key(at, KINDS[number], pk): company for at, number, pk, company in page}
    return Found(list(keys), keys, len(found) > len(page))


def _read(kind: Kind, access: Access, before: datetime | None) -> Sequence[tuple[datetime, int, int]]:
    companies = "SELECT id FROM subscriptions_company" if access.all_companies else "SELECT unnest(%(mine)s::bigint[])"
    query = _NEWEST.format(companies=companies, table=kind.model._meta.db_table, time=kind.time)
    given = {"mine": list(access.roles), "before": before or "infinity", "most": READ}
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        rows: list[tuple[datetime, int, int]] = cursor.fetchall()
        return rows


def _name_companies(rows: Sequence[Row], found: Found) -> None:
    names = dict(Company.objects.filter(pk__in=set(found.companies.values())).values_list("pk", "name"))
    of_row = {(key.kind.name, key.pk): company for key, company in found.companies.items()}
    for row in rows:
        company = of_row[row.kind, row.pk]
        row.company, row.company_url = names.get(company, ""), f"{reverse('admin:activity')}?company={company}"
