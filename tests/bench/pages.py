"""The pages of the admin as somebody who logs in: found from the registry and then by their own links, so one that is
added later is measured too."""

from __future__ import annotations

import html
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.bench.cpu import thread_seconds

if TYPE_CHECKING:
    from django.db.models import Model
    from django.test import Client

DETAILS = 2  # rows of each list that are opened
LINKS = 60  # of a list: its filters' choices, and pages to turn to
ANY_TIME = "?since=all"


@dataclass(frozen=True, slots=True)
class Timed:
    """`cpu_ms`: of this process and of its PostgreSQL backend."""

    who: str
    url: str
    ms: float
    cpu_ms: float
    size: int  # bytes
    queries: int
    status: int

    @property
    def name(self) -> str:
        return f"{self.who} {self.url} ({self.queries} queries{'' if self.status == 200 else f', {self.status}'})"


class Visitor:
    """`user` has logged in. Each page is asked for `rounds` times, after one that is not counted."""

    def __init__(self, who: str, user: object, rounds: int) -> None:
        from django.test import Client

        self.who, self._rounds = who, rounds
        self.headers: dict[str, str] = {}
        self.client: Client = Client(raise_request_exception=False, headers={"host": "callhooks.example.com"})
        self.client.force_login(user)  # type: ignore[arg-type]

    def walk(self, companies: Sequence[int], terms: Sequence[str]) -> Iterator[Timed]:
        """All pages; the home page of each of these companies, and each list searched for the terms."""
        from django.contrib import admin
        from django.urls import reverse

        home, shown = self.time(reverse("admin:index"))
        yield home
        lists = {
            reverse(f"admin:{name_of(model)}_{kind}")
            for model in admin.site._registry
            for kind in ("changelist", "add")
        }
        # What the home page leads to and no list of the registry: figures' links, pages that are no model's.
        links = dict.fromkeys(html.unescape(link) for link in re.findall(r'href="(/admin/[^"#]*)"', shown))
        for link in [*links, *(f"{reverse('admin:index')}?company={pk}" for pk in companies)]:
            if link not in lists and "password" not in link:
                yield self.time(link)[0]
        for model in admin.site._registry:
            yield from self._pages_of(f"admin:{name_of(model)}", terms)
        yield from self._of_companies(terms)
        for company in companies[:1]:
            yield from self._activity_of(company, terms)
        yield from (self.time(url)[0] for url in _documents())

    def _pages_of(self, name: str, terms: Sequence[str]) -> Iterator[Timed]:
        from django.urls import reverse

        first, shown = self.time(reverse(f"{name}_changelist"))
        if first.status in (302, 403, 404):
            return  # operators' pages, and lists of one that lead to it
        yield first
        urls = [*_urls(name, shown, terms)]
        if ANY_TIME in links_in(shown):  # each filter once more, over all there is
            wide = self.client.get(f"{reverse(f'{name}_changelist')}{ANY_TIME}", secure=True).content.decode()
            urls += _urls(name, wide, [])
        below = rf'href="({re.escape(reverse(f"{name}_changelist"))}[^"/?]+/(?!change/|history/)[^"?#]+)"'
        for url in dict.fromkeys(urls):
            timed, page = self.time(url)
            yield timed
            if url.endswith("/change/"):  # the pages of a row: manifests, test, verification code, …
                yield from (self.time(one)[0] for one in dict.fromkeys(re.findall(below, page)))

    def _of_companies(self, terms: Sequence[str]) -> Iterator[Timed]:
        """Reports and activity of all companies of somebody who has several: their periods, pages and search."""
        from django.urls import reverse

        for name in ("admin:reports", "admin:activity"):
            first, shown = self.time(reverse(name))
            yield first
            urls = [f"{reverse(name)}{link}" for link in links_in(shown)[:LINKS]]
            urls += [html.unescape(one) for one in re.findall(rf'href="({reverse(name)}\?before=[^"#]+)"', shown)]
            urls += [f"{reverse(name)}?{urlencode({'name': term})}" for term in terms]
            yield from (self.time(url)[0] for url in dict.fromkeys(urls))

    def _activity_of(self, company: int, terms: Sequence[str]) -> Iterator[Timed]:
        """Calls, texts and forms in one list: its views, filters and pages, and what is searched for."""
        from django.urls import reverse

        here = reverse("admin:activity")
        listed, shown = self.time(f"{here}?company={company}")
        yield listed
        urls = [html.unescape(link) for link in re.findall(rf'href="({re.escape(here)}[^"#]*)"', shown)][:LINKS]
        words = [*terms, "person", "hello", "0123"]
        urls += [f"{listed.url}&{urlencode({'q': word})}" for word in words]
        urls += [f"{listed.url}&page=200", f"{listed.url}&since=7d&outcome=missed"]
        for url in dict.fromkeys(urls):
            yield self.time(url)[0]
        marked = {"action": "export", "row": re.findall(r'name="row" value="([^"]+)"', shown)}
        yield self.time(f"{reverse('admin:activity_marked')}?company={company}", marked)[0]

    def time(self, url: str, posted: dict[str, Any] | None = None) -> tuple[Timed, str]:
        """The page's median, its number of queries, and what it showed. With `posted` it is a form that is sent."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        ask: Any = self.client.get if posted is None else self.client.post
        with CaptureQueriesContext(connection) as queries:
            response = ask(url, posted, secure=True, headers=self.headers)
        asked = len(queries)  # now: the next request empties the log
        took, used = [], []
        backend = connection.connection.info.backend_pid
        for _ in range(self._rounds if response.status_code < 500 else 1):
            begun, worked, served = time.perf_counter(), time.thread_time(), thread_seconds(backend)
            response = ask(url, posted, secure=True, headers=self.headers)
            took.append((time.perf_counter() - begun) * 1000)
            used.append((time.thread_time() - worked + thread_seconds(backend) - served) * 1000)
        content = b"" if response.streaming else response.content
        timed = Timed(self.who, url, statistics.median(took), statistics.median(used), len(content), asked,
                      response.status_code)  # fmt: skip
        return timed, content.decode(errors="replace")


def _documents() -> Iterator[str]:
    """The guide, the event catalogue and the API reference, which hold nothing of a company."""
    from django.urls import reverse

    from callhooks_site.api_reference import operations
    from callhooks_site.guide import books
    from subscriptions.events import catalogue

    yield from (reverse("admin:guide_page", args=[book.name]) for book in books.offered(operator=False))
    yield from (f"{reverse('admin:guide')}?q={word}" for word in ("signature", "nonsense"))
    yield from (reverse(name) for name in ("admin:event_catalogue", "api-docs", "api-docs-try"))
    yield from (reverse("admin:event_type", args=[one.name]) for one in catalogue.all_types())
    yield from (reverse("api-docs-group", args=[name]) for name in operations.groups())
    yield from (reverse("api-docs-webhook", args=[name]) for name in operations.webhooks())


def links_in(shown: str) -> list[str]:
    """To the same list: its filters' choices, other pages of it."""
    return list(dict.fromkeys(html.unescape(link) for link in re.findall(r'href="(\?[^"#]+)"', shown)))


def name_of(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def _urls(name: str, shown: str, terms: Sequence[str]) -> Iterator[str]:
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
