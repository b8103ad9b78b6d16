"""Erasures in the admin: the list, and a page with the progress, which becomes the certificate. They name nobody, so
all members see them; owners ask for them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse

from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.logs import LogAdmin
from subscriptions.tenancy.access import OWNERS, access_of

from .. import certificate
from ..jobs import PHASES
from ..models import Erasure
from .asking import AskingPage

State = Erasure.State


@admin.register(Erasure)
class ErasureAdmin(AskingPage, LogAdmin):
    menu, menu_order, menu_name = "settings", 60, "Privacy"
    writers = OWNERS
    deferred = ("contacts",)
    newest_first = ("-pk",)
    list_display = ("name", "state_badge", "erased", "by", "asked")
    cells = {"name": "who", "state_badge": "side", "erased": "what", "by": "soft wide", "asked": "num when quiet"}
    empty_icon = "shield-check"
    empty_text = "Somebody asks you to erase their data, or for a copy of it: find them by number or address."
    empty_guide = "privacy"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_operate_permission(request)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ()  # no search box: a person is found by “A person’s data”

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows

    def get_urls(self) -> list[URLPattern]:
        wrapped, name = self.admin_site.admin_view, "privacy_erasure"
        return [
            path("add/", wrapped(self.ask_view), name=f"{name}_add"),
            path("<path:object_id>/progress/", wrapped(self.progress_view), name=f"{name}_progress"),
            path("<path:object_id>/certificate/", wrapped(self.certificate_view), name=f"{name}_certificate"),
            *super().get_urls(),
        ]

    @admin.display(description="erasure")
    def name(self, obj: Erasure) -> str:
        return str(obj)

    @admin.display(description="state")
    def state_badge(self, obj: Erasure) -> str:
        if obj.fails:
            return labels.badge("Fails", "bad")
        return labels.badge(State(obj.state).label, "good" if obj.state == State.DONE else "busy")

    @admin.display(description="erased")
    def erased(self, obj: Erasure) -> str:
        return ", ".join(f"{number:,} {kind}" for kind, number in obj.describe_counts().items()) or "–"

    @admin.display(description="by")
    def by(self, obj: Erasure) -> str:
        return obj.requested_name

    @admin.display(description="asked")
    def asked(self, obj: Erasure) -> str:
        return times.time_tag(obj.created_at)

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied  # nothing here is edited
        return super().change_view(request, *args, **kwargs)

    def page_context(self, request: HttpRequest, obj: Erasure) -> dict[str, Any]:
        return {
            **super().page_context(request, obj),
            "title": str(obj),
            "subtitle": None,
            "job": obj,
            "state": self.state_badge(obj),
            "status_text": _progress(obj),
            "working": obj.state == State.RUNNING,
            "step": _step(obj),
            "steps": len(PHASES),
            "counts": [(kind.capitalize(), f"{number:,}") for kind, number in obj.describe_counts().items()],
            "hosts": sorted(obj.hosts.items()),
            "kept": certificate.KEPT,
            "when": times.time_tag(obj.created_at),
            "done_at": times.time_tag(obj.finished_at) if obj.finished_at else "",
            "progress_url": reverse("admin:privacy_erasure_progress", args=[obj.pk]),
            "certificate_url": reverse("admin:privacy_erasure_certificate", args=[obj.pk]),
            "several": access_of(request).several,
        }

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """JSON for the page's script: `state` (running or over), `value`, `max`, `status_text`."""
        obj = self._get(request, object_id)
        state = "running" if obj.state == State.RUNNING else "over"
        return JsonResponse({"state": state, "value": _step(obj), "max": len(PHASES), "status_text": _progress(obj)})

    def certificate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self._get(request, object_id)
        answer = JsonResponse(certificate.build(obj), encoder=DjangoJSONEncoder, json_dumps_params={"indent": 1})
        answer.headers["Content-Disposition"] = f'attachment; filename="erasure-{obj.resource_id}.json"'
        return answer

    def _get(self, request: HttpRequest, object_id: str) -> Erasure:
        obj: Erasure | None = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such erasure.")
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return obj


def _step(job: Erasure) -> int:
    return len(PHASES) if job.state == State.DONE else PHASES.index(job.phase)


def _progress(job: Erasure) -> str:
    if job.state == State.DONE:
        return f"Done. {job.looked_through:,} rows were read for what names the person."
    if job.fails:
        return (
            f"Step {_step(job) + 1} of {len(PHASES)}, {job.phase}, failed {job.tries:,} times. It is tried again every "
            f"five minutes; nothing else waits for it. Tell your operator: the log of the cluster says why, at "
            f"“Erasure {job.pk} failed”."
        )
    if job.waiting and job.phase == PHASES[-1]:
        return f"Waits for {len(job.waiting):,} webhooks that are being sent."
    return f"Step {_step(job) + 1} of {len(PHASES)}: {job.phase}. {job.looked_through:,} rows read."
