"""What every page shows around its content: the company, the menu and what needs somebody. One query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import reverse

from ..endpoints import issues
from ..models import Company, EndpointHealth, Subscription
from ..tenancy.access import access_of
from .kit import menu
from .kit.filters import is_id

MOST_FAILING = 99  # counted
MOST_OFFERED = 12  # companies in the switcher; the list of companies has the rest
CHOSEN = "company"  # in the session
SEARCHED = "activity"  # the entry whose first list the search at the top searches


@dataclass(frozen=True)
class Switcher:
    """The top of the menu. `companies`: pairs of name and address, if they are few; `all_url`: the list of them."""

    label: str
    home_url: str
    companies: list[tuple[str, str]] = field(default_factory=list)
    all_url: str = ""


def frame_context(site: AdminSite, request: HttpRequest) -> dict[str, Any]:
    """`switcher`, `menu` and `search_url` for templates/admin/base.html."""
    access = access_of(request)
    company = choose_company(site, request)
    failing = count_failing(request, company) if access.may_read_some() else ""
    chosen = company if access.several else None
    groups = menu.build_menu(site, request, company=chosen, notes={"subscriptions": failing})
    return {
        "switcher": _switcher(site, request, company),
        "menu": groups,
        "search_url": next((link.path for group in groups for link in group.links if link.name == SEARCHED), ""),
        "search_company": chosen,
    }


def choose_company(site: AdminSite, request: HttpRequest) -> int | None:
    """The company that the pages show, None for all. A list and the home page take it from the query string; other
    pages remember what was chosen there, so that the way back leads to the same list."""
    access = access_of(request)
    if not access.several:
        return next(iter(access.roles), None)
    page = menu.find_current([link for _, link in menu.list_pages(site, request)], request.path)
    if page is None or not page.takes_company or request.path != page.path:
        kept = request.session.get(CHOSEN)
        return kept if kept is not None and access.may_read(kept) else None
    asked = request.GET.get("company", "")
    chosen = int(asked) if is_id(asked) and access.may_read(int(asked)) else None
    if chosen != request.session.get(CHOSEN):
        request.session[CHOSEN] = chosen
    return chosen


def count_failing(request: HttpRequest, company: int | None) -> str:
    """`1 failing`: subscriptions that have refused everything for a while. Empty if none does, or somebody
    looks after each."""
    late = EndpointHealth.objects.filter(
        failing_since__lt=Now() - timedelta(seconds=settings.ENDPOINT_TELL_SECONDS),
        subscription__state__in=(Subscription.State.ACTIVE, Subscription.State.DISABLED),
    )
    late = late.exclude(pk__in=issues.watched().values("subscription"))
    if company is not None:
        late = late.filter(subscription__company=company)
    else:
        late = access_of(request).limit(late, "subscription__company")
    count = late.order_by()[: MOST_FAILING + 1].count()
    return f"{MOST_FAILING}+ failing" if count > MOST_FAILING else f"{count} failing" if count else ""


def _switcher(site: AdminSite, request: HttpRequest, company: int | None) -> Switcher:
    access, home = access_of(request), reverse(f"{site.name}:index")
    if not access.several:
        return Switcher(access.names.get(company or 0, "Callhooks"), home)
    label = "All companies"
    if company is not None:
        label = access.names.get(company) or _name_of(company) or label
    offered = [("All companies", home)]
    if not access.all_companies and len(access.roles) <= MOST_OFFERED:
        by_name = sorted(access.names.items(), key=lambda item: item[1].casefold())
        offered += [(name, f"{home}?company={pk}") for pk, name in by_name]
    return Switcher(label, home, offered, reverse(f"{site.name}:subscriptions_company_changelist"))


def _name_of(company: int) -> str:
    return Company.objects.filter(pk=company).values_list("name", flat=True).first() or ""
