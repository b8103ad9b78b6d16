"""The menu: entries by purpose, and the pages that belong to each.

An entry appears as soon as a page of it is registered that the user may open. Model pages name their entry in
`menu`; other pages register themselves with `add_page`. The first page of an entry is where the entry leads; all of
them show below it while one of them is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True)
class Entry:
    name: str
    label: str
    icon: str
    heading: str  # above the group; empty for the first one


ENTRIES = (
    Entry("home", "Home", "house", ""),
    Entry("activity", "Activity", "phone-call", ""),
    Entry("people", "People", "users", ""),
    Entry("reports", "Reports", "chart-column", ""),
    Entry("subscriptions", "Subscriptions", "webhook", "Webhooks"),
    Entry("deliveries", "Deliveries", "send", "Webhooks"),
    Entry("numbers", "Numbers and forms", "hash", "Set up"),
    Entry("settings", "Settings", "settings", "Set up"),
    Entry("service", "Service", "gauge", "Operators"),
)
ELSEWHERE = "service"  # pages that name no entry: only operators see them


@dataclass(frozen=True)
class Page:
    """`takes_company`: it accepts `?company=`. `order`: within the entry."""

    entry: str
    label: str
    url_name: str
    order: int = 50
    allowed: Callable[[HttpRequest], bool] = lambda request: True
    takes_company: bool = False


@dataclass
class Link:
    """A line of the menu. `current`: "page" if it is open, "true" if one of its pages is, else empty."""

    label: str
    url: str
    path: str
    order: int = 0
    takes_company: bool = False
    icon: str = ""
    current: str = ""
    name: str = ""  # of the entry
    note: str = ""  # what needs somebody, such as "1 failing"
    pages: list[Link] = field(default_factory=list)


@dataclass
class Group:
    heading: str
    links: list[Link] = field(default_factory=list)


_pages: list[Page] = []


def add_page(page: Page) -> None:
    """Register a page without a model."""
    _pages.append(page)


def build_menu(
    site: AdminSite, request: HttpRequest, *, company: int | None = None, notes: Mapping[str, str] | None = None
) -> list[Group]:
    """The groups of the menu for this user. With a company, its lists show that company only."""
    pages = list_pages(site, request)
    current = find_current([page for _, page in pages], request.path)
    groups: list[Group] = []
    for entry in ENTRIES:
        mine = sorted((page for name, page in pages if name == entry.name), key=lambda page: (page.order, page.label))
        if not mine:
            continue
        for page in mine:
            page.current = "page" if page is current else ""
            page.url = f"{page.path}?company={company}" if company and page.takes_company else page.path
        opened = "" if current not in mine else "page" if len(mine) == 1 else "true"
        link = Link(entry.label, mine[0].url, mine[0].path, icon=entry.icon, current=opened, name=entry.name)
        link.note = (notes or {}).get(entry.name, "")
        link.pages = mine if opened == "true" else []
        if not groups or groups[-1].heading != entry.heading:
            groups.append(Group(entry.heading))
        groups[-1].links.append(link)
    return groups


def list_pages(site: AdminSite, request: HttpRequest) -> list[tuple[str, Link]]:
    """All pages that the user may open, each with the name of its entry. Read once per request."""
    known: list[tuple[str, Link]] | None = getattr(request, "_menu_pages", None)
    if known is None:
        known = [*_views(request), *_models(site, request)]
        request._menu_pages = known  # type: ignore[attr-defined]
    return known


def find_current(pages: list[Link], path: str) -> Link | None:
    """The page that is open: the one whose path is the longest beginning of this path. Home is only itself."""
    home = reverse("admin:index")
    open_ = [page for page in pages if path == page.path or (page.path != home and path.startswith(page.path))]
    return max(open_, key=lambda page: len(page.path), default=None)


def _views(request: HttpRequest) -> Iterator[tuple[str, Link]]:
    for page in _pages:
        if page.allowed(request):
            url = reverse(page.url_name)
            yield page.entry, Link(page.label, url, url, page.order, page.takes_company)


def _models(site: AdminSite, request: HttpRequest) -> Iterator[tuple[str, Link]]:
    for model, admin in site._registry.items():
        page: Any = admin
        if not (page.has_module_permission(request) and page.has_view_permission(request)):
            continue
        label = page.menu_label(request) if hasattr(page, "menu_label") else str(model._meta.verbose_name_plural)
        url = reverse(f"{site.name}:{model._meta.app_label}_{model._meta.model_name}_changelist")
        several = bool(getattr(page, "has_company", False))
        order = getattr(page, "menu_order", 50)
        yield (
            getattr(page, "menu", "") or ELSEWHERE,
            Link(label[:1].upper() + label[1:], url, url, order, several),
        )
