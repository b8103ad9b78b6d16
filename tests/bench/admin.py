"""Every page of the admin with millions of rows: lists, each filter, searches, details, as a member of one company, of
all of them, and as operator. Then the lists of API v3 beside a million calls and 20,000 companies.

The pages are found from the registry and then by their own links, so one that is added later is measured too.
"""

from __future__ import annotations

import html
import logging
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.bench import admin_data, vendor_data, vendor_lists
from tests.bench.options import Options
from tests.bench.report import Report, Target
from tests.bench.workspace import Workspace, use

if TYPE_CHECKING:
    from django.db.models import Model
    from django.test import Client

SIZE = 1_000_000
MOST_MS = 300
ROUNDS = 3  # of each page, after one that is not counted
SLOWEST = 15  # pages listed by name
DETAILS = 2  # rows of each list that are opened
LINKS = 60  # of a list: its filters' choices, and pages to turn to
ANY_TIME = "?since=all"
# A page that takes longer is interrupted, and listed with this time.
GIVE_UP_MS = 20_000


@dataclass(frozen=True, slots=True)
class Timed:
    who: str
    url: str
    ms: float
    queries: int
    status: int

    @property
    def name(self) -> str:
        return f"{self.who} {self.url} ({self.queries} queries{'' if self.status == 200 else f', {self.status}'})"


def run(workspace: Workspace, options: Options) -> Report:
    from django.db import connection
    from django.test import override_settings

    size = options.size or SIZE
    logging.getLogger("django.request").setLevel(logging.ERROR)  # pages that are refused are no news here
    use(workspace.database("admin"))
    begun = time.monotonic()
    data = admin_data.fill(size)
    made = time.monotonic() - begun
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {GIVE_UP_MS}")
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    timed: list[Timed] = []
    with override_settings(STORAGES=plain):
        for who, user in (("admin", data.admin), ("agency", data.agency), ("operator", data.operator)):
            timed += _walk(who, user, data, min(options.rounds, ROUNDS))
    ordered = sorted(timed, key=lambda one: -one.ms)
    calls = vendor_data.fill(size)
    rounds = min(options.rounds, ROUNDS)
    asked = sorted(vendor_lists.walk(calls, vendor_lists.paths(calls), rounds), key=lambda one: -one.ms)
    broken = [one for one in timed if one.status >= 500] + [one for one in asked if one.status != 200]
    return Report(
        "admin",
        f"{data.deliveries:,} deliveries, {size:,} of them of the admin's company; each page the median of "
        f"{rounds} in this process; v3: {calls.calls:,} calls of one company",
        {
            "pages": len(timed),
            "median_ms": statistics.median(one.ms for one in timed),
            "too_slow": sum(one.ms > MOST_MS for one in timed),
            "most_queries": max(one.queries for one in timed),
            "filled_in_seconds": made,
            "slowest_ms": {one.name: one.ms for one in ordered[:SLOWEST]},
            "v3_requests": len(asked),
            "v3_median_ms": statistics.median(one.ms for one in asked),
            "v3_slowest_ms": {one.name: one.ms for one in asked[:SLOWEST]},
            "broken": [one.name for one in broken],
        },
        [
            Target("the slowest page, ms", ordered[0].ms, MOST_MS, at_most=True),
            Target("the slowest answer of API v3, ms", asked[0].ms, MOST_MS, at_most=True),
            Target("pages that failed", float(len(broken)), 0, at_most=True),
        ],
    )


def _walk(who: str, user: object, data: admin_data.AdminData, rounds: int) -> Iterator[Timed]:
    from django.contrib import admin
    from django.test import Client
    from django.urls import reverse

    client = Client(raise_request_exception=False, headers={"host": "callhooks.example.com"})
    client.force_login(user)  # type: ignore[arg-type]
    home, shown = _timed(who, client, reverse("admin:index"), rounds)
    yield home
    lists = {
        reverse(f"admin:{name_of(model)}_{kind}") for model in admin.site._registry for kind in ("changelist", "add")
    }
    # What the home page leads to and no list of the registry: figures' links, pages that are no model's.
    links = dict.fromkeys(html.unescape(link) for link in re.findall(r'href="(/admin/[^"#]*)"', shown))
    for link in [*links, *(f"{reverse('admin:index')}?company={pk}" for pk in data.companies)]:
        if link not in lists and "password" not in link:
            yield _timed(who, client, link, rounds)[0]
    for model in admin.site._registry:
        name = f"admin:{name_of(model)}"
        first, shown = _timed(who, client, reverse(f"{name}_changelist"), rounds)
        if first.status in (302, 403, 404):
            continue  # operators' pages, and lists of one that lead to it
        yield first
        urls = [*_urls(name, shown, data.terms)]
        if ANY_TIME in links_in(shown):  # each filter once more, over all there is
            wide = client.get(f"{reverse(f'{name}_changelist')}{ANY_TIME}", secure=True).content.decode()
            urls += _urls(name, wide, [])
        for url in dict.fromkeys(urls):
            yield _timed(who, client, url, rounds)[0]


def links_in(shown: str) -> list[str]:
    """To the same list: its filters' choices, other pages of it."""
    return list(dict.fromkeys(html.unescape(link) for link in re.findall(r'href="(\?[^"#]+)"', shown)))


def name_of(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def _urls(name: str, shown: str, terms: list[str]) -> Iterator[str]:
    from django.urls import reverse

    base = reverse(f"{name}_changelist")
    yield from (f"{base}{link}" for link in links_in(shown)[:LINKS])
    if 'id="searchbar"' in shown:
        yield from (f"{base}?{urlencode({'q': term})}" for term in terms)
    rows = dict.fromkeys(re.findall(rf'href="({re.escape(base)}[^"/?]+)/change/', shown))
    for row in list(rows)[:DETAILS]:
        yield f"{row}/change/"
        yield f"{row}/history/"
    yield reverse(f"{name}_add")


def _timed(who: str, client: Client, url: str, rounds: int) -> tuple[Timed, str]:
    """The page's median, its number of queries, and what it showed."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        response = client.get(url, secure=True)
    asked = len(queries)  # now: the next request empties the log
    took = []
    for _ in range(rounds if response.status_code < 500 else 1):
        begun = time.perf_counter()
        response = client.get(url, secure=True)
        took.append((time.perf_counter() - begun) * 1000)
    shown = response.content.decode(errors="replace") if not response.streaming else ""
    return Timed(who, url, statistics.median(took), asked, response.status_code), shown
