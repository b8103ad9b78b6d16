"""The manifests of a subscription by day: what it was to get, whether each follows from the one before, as files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify

from ..feed.manifests.chain import Chained, Link, read_links
from ..feed.manifests.daily import LEAST_DAYS
from ..feed.manifests.documents import unpack
from ..models import Delivery, Manifest, ManifestPage, Subscription
from .kit import labels, times
from .kit.buttons import ButtonsAdmin

_Answer = TypeVar("_Answer", HttpResponse, StreamingHttpResponse)

DAYS = 31  # on a page; each costs reading a document of some kilobytes
BEFORE = "before"  # query parameter: the day to continue from
JSON, JSON_LINES = "application/json", "application/x-ndjson"
_BADGES = {
    Chained.FIRST: ("The first", "quiet"),
    Chained.SOUND: ("Sound", "good"),
    Chained.DELETED: ("The one before has expired", "quiet"),
    Chained.BROKEN: ("Broken", "bad"),
}


class ManifestsAdmin(ButtonsAdmin):
    def get_urls(self) -> list[URLPattern]:
        views = (
            ("manifests", "manifests/", self.manifests_view),
            ("manifest", "manifests/<str:day>/", self.manifest_view),
            ("manifest_events", "manifests/<str:day>/events/", self.manifest_events_view),
        )
        mine = [
            path(f"<path:object_id>/{place}", self.admin_site.admin_view(view), name=self._url(name))
            for name, place, view in views
        ]
        return [*mine, *super().get_urls()]

    def manifests_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj, refused = self._opened(request, object_id)
        if refused is not None:
            return refused
        before = _day(request.GET[BEFORE]) if BEFORE in request.GET else None
        links, more = read_links(obj, before=before, most=DAYS)
        context = {
            "title": "Manifests",
            "rows": [_row(obj, link) for link in links],
            "broken": [_name(link.manifest.day) for link in links if link.chained is Chained.BROKEN],
            "older": f"?{BEFORE}={links[-1].manifest.day.isoformat()}" if more else "",
            "newest": reverse("admin:subscriptions_subscription_manifests", args=[obj.pk]) if before else "",
            "none_are_made": settings.RETAIN_DELIVERED_DAYS < LEAST_DAYS,
        }
        return self.render_page(request, obj, "subscriptions/subscription/manifests.html", context)

    def manifest_view(self, request: HttpRequest, object_id: str, day: str) -> HttpResponse:
        """The document, byte for byte: its hash is what the next one names."""
        obj, refused = self._opened(request, object_id)
        if refused is not None:
            return refused
        manifest = _find(obj, day)
        return _as_file(HttpResponse(bytes(manifest.document), content_type=JSON), manifest, "manifest", "json")

    def manifest_events_view(
        self, request: HttpRequest, object_id: str, day: str
    ) -> HttpResponse | StreamingHttpResponse:
        """Its pages, one after the other: a line of JSON for each event."""
        obj, refused = self._opened(request, object_id)
        if refused is not None:
            return refused
        manifest = _find(obj, day)
        answer = StreamingHttpResponse(_read_pages(manifest), content_type=JSON_LINES)
        return _as_file(answer, manifest, "manifest-events", "jsonl")

    def _opened(self, request: HttpRequest, object_id: str) -> tuple[Any, HttpResponse | None]:
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such subscription.")
        return obj, self.refuse_unless_read(request, obj)


def _row(subscription: Subscription, link: Link) -> dict[str, Any]:
    manifest = link.manifest
    at = [subscription.pk, manifest.day.isoformat()]
    return {
        "day": _name(manifest.day),
        "events": f"{manifest.events:,}",
        "outcomes": ", ".join(_say(state, count) for state, count in link.outcomes.items()),
        "chained": labels.badge(*_BADGES[link.chained]),
        "made": times.time_tag(manifest.made_at),
        "document_url": reverse("admin:subscriptions_subscription_manifest", args=at),
        "events_url": reverse("admin:subscriptions_subscription_manifest_events", args=at),
    }


def _say(state: str, count: int) -> str:
    label = Delivery.State(state).label.lower() if state in Delivery.State.values else state
    return f"{count:,} {label}"


def _name(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404("There is no such day. Open the list of manifests again.") from None


def _find(subscription: Subscription, day: str) -> Manifest:
    found = Manifest.objects.filter(subscription=subscription, day=_day(day)).exclude(document=b"").first()
    if found is None:
        raise Http404("There is no manifest of this day.")
    found.subscription = subscription
    return found


def _read_pages(manifest: Manifest) -> Iterator[bytes]:
    """One at a time: no cursor stays open while somebody downloads."""
    number = 1
    while (page := ManifestPage.objects.filter(manifest=manifest, number=number).first()) is not None:
        yield unpack(page)
        number += 1


def _as_file(answer: _Answer, manifest: Manifest, kind: str, ending: str) -> _Answer:
    name = slugify(manifest.subscription.name) or "subscription"
    answer.headers["Content-Disposition"] = f'attachment; filename="{kind}-{name}-{manifest.day}.{ending}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
