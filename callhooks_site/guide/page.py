"""The pages of the guide: an overview with a search, one page for each document, and their pictures. For everybody who
is logged in; the operators' documents for operators. Nothing of a company is in them."""

from __future__ import annotations

from itertools import groupby

from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from . import books
from .rendering import render
from .searching import LONGEST_QUERY, search

PICTURE_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
CACHED = "private, max-age=3600"  # pictures change with a release


def urls(site: AdminSite) -> list[URLPattern]:
    def overview(request: HttpRequest) -> HttpResponse:
        offered = books.offered(operator=_is_operator(request))
        query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
        context = {
            "title": "Guide",
            "groups": [(name, list(group)) for name, group in groupby(offered, key=lambda book: book.group)],
            "query": query,
            "hits": search(query, offered),
        }
        return TemplateResponse(request, "guide/overview.html", {**site.each_context(request), **context})

    def page(request: HttpRequest, guide: str) -> HttpResponse:
        book = books.find(guide, operator=_is_operator(request))
        if book is None:
            raise Http404(f"The guide has no page {guide}.")
        rendered = render(book)
        context = {
            "title": book.title,
            "book": book,
            "body": rendered.html,
            "headings": [heading for heading in rendered.headings if heading.level == 2],
            "back": (reverse(f"{site.name}:guide"), "Guide"),
        }
        return TemplateResponse(request, "guide/page.html", {**site.each_context(request), **context})

    def picture(request: HttpRequest, picture: str) -> HttpResponse:
        found = books.picture(picture)
        if found is None:
            raise Http404("There is no such picture.")
        kind = PICTURE_TYPES[found.suffix]
        return HttpResponse(found.read_bytes(), content_type=kind, headers={"Cache-Control": CACHED})

    return [
        path("guide/", site.admin_view(overview), name="guide"),
        path("guide/pictures/<str:picture>", site.admin_view(picture, cacheable=True), name="guide_picture"),
        path("guide/<slug:guide>/", site.admin_view(page), name="guide_page"),
    ]


def _is_operator(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))
