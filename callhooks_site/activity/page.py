"""The page: the list with its filters, of one company."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from subscriptions.admin.kit.filters import is_id
from subscriptions.admin.kit.rights import use_zone
from subscriptions.admin.kit.times import time_tag
from subscriptions.models import Company
from subscriptions.tenancy.access import access_of

from . import chips, reading, saved_views, searching
from .all_companies import all_page
from .choices import list_choices
from .days import group_by_day
from .filters import NEWEST, OLDEST, BadFilter, Filters, read
from .rows import read_rows

MOST_COMPANIES = 50  # offered to somebody who has several


def activity_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    company = chosen_company(request)
    if company is None:
        asked = {"name", "q", "company"} & set(request.GET)  # a company, or something that is looked for in one
        return choose_page(request, site) if asked else all_page(request, site)
    try:
        filters = read(request.GET)
    except BadFilter:
        messages.warning(request, "That link asks for a filter that does not exist. All activity is shown.")
        return HttpResponseRedirect(address(request, company, Filters()))
    listed = reading.read_page(filters, company.pk)
    rows = read_rows([company.pk], listed.keys)

    def link(asked: Filters) -> str:
        return address(request, company, asked)

    number = f"{listed.count:,}{'+' if listed.capped or listed.reaches is not None else ''}"
    tabs = saved_views.list_tabs(request, company.pk, filters, link, number)
    saveable = filters.any_set and not any(tab.current for tab in tabs)
    context = {
        "title": "Activity",
        "tabs": tabs,
        "save_url": reverse("admin:activity_view_add") + tail(request, company, filters.place) if saveable else "",
        "subtitle": "Calls, texts and forms, " + ("the oldest first" if filters.sort == OLDEST else "the newest first"),
        "company": company,
        "filters": filters,
        "kept": kept_fields(request, company, filters),
        "chips": chips.build_chips(filters, company.pk, link, listed.counts),
        "when": chips.when_in_words(filters),
        "spans": chips.spans(filters, link),
        "any_time_url": link(replace(filters.place, since="", first=None, last=None)),
        "clear_url": link(Filters()),
        "days": list(group_by_day(rows, listed.days)),
        "sort_url": link(replace(filters.place, sort=NEWEST if filters.sort == OLDEST else OLDEST)),
        "oldest_first": filters.sort == OLDEST,
        "pages": turn_pages(filters, listed, link),
        "export_url": reverse("admin:activity_export") + tail(request, company, filters.place),
        "marked_url": reverse("admin:activity_marked") + tail(request, company, filters.place),
        "marked": list_choices(company.pk),
        "deliveries_url": reverse("admin:subscriptions_delivery_changelist"),
        "may_add": access_of(request).may_write(company.pk),
    }
    return TemplateResponse(request, "activity/page.html", {**site.each_context(request), **context})


def what_is_shown(request: HttpRequest) -> tuple[Company, Filters] | HttpResponseRedirect:
    """The company and the filters of the list that a page beside it was asked for from; or the way back to the list,
    which asks for a company and says what is wrong with the filters."""
    company = chosen_company(request)
    if company is None:
        return HttpResponseRedirect(reverse("admin:activity"))
    try:
        return company, read(request.GET).place
    except BadFilter:
        return HttpResponseRedirect(f"{reverse('admin:activity')}?{request.GET.urlencode()}")


def chosen_company(request: HttpRequest) -> Company | None:
    """The company of the list: the only one of a member, or the one that is asked for. Sets its time zone."""
    access, asked = access_of(request), request.GET.get("company", "")
    if not access.may_read_some():
        raise PermissionDenied
    pk = int(asked) if is_id(asked) else None
    if not access.several and pk is None:
        pk = next(iter(access.roles))
    if pk is None or not access.may_read(pk):
        return None
    company = Company.objects.defer("signing_key").filter(pk=pk).first()
    if company is not None:
        use_zone(company.time_zone)
    return company


def choose_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """For somebody with several companies who has chosen none."""
    access, words = access_of(request), request.GET.get("name", "").replace("\x00", "").strip()
    rows = access.limit(Company.objects.all(), "pk").order_by("name", "pk")
    if words:
        rows = rows.filter(name__icontains=words)
    found = list(rows.values_list("pk", "name")[: MOST_COMPANIES + 1])
    asked = request.GET.get("q", "").replace("\x00", "").strip()
    extra = {"q": asked} if asked else {}
    here = reverse("admin:activity")
    context = {
        "title": "Activity",
        "subtitle": "Choose a company to see its calls, texts and forms",
        "words": words,
        "asked": asked,
        "companies": [(name, f"{here}?{urlencode({'company': pk, **extra})}") for pk, name in found[:MOST_COMPANIES]],
        "more": len(found) > MOST_COMPANIES,
    }
    return TemplateResponse(request, "activity/choose.html", {**site.each_context(request), **context})


def tail(request: HttpRequest, company: Company, filters: Filters) -> str:
    """The filters as a query string, with the company where there are several."""
    several = {"company": company.pk} if access_of(request).several else {}
    query = urlencode({**several, **filters.query()}, doseq=True)
    return f"?{query}" if query else ""


def address(request: HttpRequest, company: Company, filters: Filters) -> str:
    return reverse("admin:activity") + tail(request, company, filters)


def kept_fields(request: HttpRequest, company: Company, filters: Filters) -> list[tuple[str, Any]]:
    """Hidden fields for the forms of the page, which keep the other filters."""
    given = {"company": company.pk} if access_of(request).several else {}
    pairs = {**given, **filters.place.query()}.items()
    return [(name, one) for name, value in pairs for one in (value if isinstance(value, list) else [value])]


def turn_pages(filters: Filters, listed: reading.Listed, link: chips.Link) -> dict[str, Any]:
    """What stands below the list: which rows these are, the pages before and after, and how far it looked."""
    size, number = reading.PAGE_SIZE, filters.page
    first, last = (number - 1) * size + 1, (number - 1) * size + len(listed.keys)
    more = last < listed.count
    on = ""  # where the list goes on when its pages end
    if not more and listed.keys and listed.capped:
        # One step beyond the last row: rows of the same moment may show twice, and none is left out.
        step = timedelta() if filters.sort == OLDEST else reading.TICK
        on = link(replace(filters, before=listed.keys[-1].at + step, page=1))
    elif not more and listed.reaches is not None:
        on = link(replace(filters, before=reading.beyond(listed.reaches, filters), page=1))
    total = f"{listed.count:,}"
    return {
        "words": f"{first:,}–{last:,} of {'more than ' if listed.capped else ''}{total}" if listed.keys else "",
        "newer": link(replace(filters, page=number - 1)) if number > 1 else "",
        "older": link(replace(filters, page=number + 1)) if more else on if listed.capped else "",
        "go_on": on if listed.reaches is not None and not listed.capped and not more else "",
        "looked_at": f"{reading.SCAN_LIMIT:,}",
        "back_to": time_tag(listed.reaches) if listed.reaches is not None else "",
        "begins": time_tag(filters.before) if filters.before is not None else "",
        "newest": link(filters.place),
        "most_found": f"{searching.MOST_FOUND:,}" if listed.searched and listed.count >= searching.MOST_FOUND else "",
    }
