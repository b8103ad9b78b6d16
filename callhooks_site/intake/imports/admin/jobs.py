"""Imports in the admin: the list, and a page with the result of the check, the choice about webhooks and the progress.

Viewers see what was imported."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.csrf import csrf_exempt

from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.buttons import ButtonsAdmin, button
from subscriptions.admin.kit.logs import LogAdmin
from subscriptions.tenancy import audit_log
from subscriptions.tenancy.access import access_of

from .. import jobs
from ..models import ImportJob
from .columns import ColumnsPage
from .progress import build_errors_csv, build_examples, describe_mapping, describe_progress
from .upload import UploadPage

State = ImportJob.State
_TONES = {State.MAPPING: "warn", State.CHECKING: "busy", State.READY: "warn", State.RUNNING: "busy", State.DONE: "good",
          State.CANCELLED: "quiet", State.FAILED: "bad"}  # fmt: skip
ERRORS_SHOWN = 10


@admin.register(ImportJob)
class ImportJobAdmin(UploadPage, ColumnsPage, LogAdmin, ButtonsAdmin):
    menu, menu_order, menu_name = "numbers", 40, "Imports"
    related = ("requested_by",)
    deferred = ("seen",)
    deferred_in_list = ("examples",)
    newest_first = ("-pk",)
    list_display = ("what", "state_badge", "imported", "by", "uploaded")
    cells = {"what": "who", "state_badge": "side", "imported": "what", "by": "soft wide", "uploaded": "num when quiet"}
    empty_icon = "upload"
    empty_text = "Bring calls, texts and forms of another system as a file."
    empty_guide = "import#in-the-admin"
    buttons = ("columns", "cancel", "start")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_operate_permission(request)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ()  # no search box: there are few imports, newest first

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows

    def get_urls(self) -> list[URLPattern]:
        wrapped, name = self.admin_site.admin_view, "imports_importjob"
        return [
            path("add/", wrapped(csrf_exempt(self.upload_view)), name=f"{name}_add"),
            path("<path:object_id>/progress/", wrapped(self.progress_view), name=f"{name}_progress"),
            path("<path:object_id>/errors/", wrapped(self.errors_view), name=f"{name}_errors"),
            *super().get_urls(),
        ]

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="uploaded")
    def uploaded(self, obj: ImportJob) -> str:
        return times.time_tag(obj.created_at)

    @admin.display(description="file")
    def what(self, obj: ImportJob) -> str:
        return str(obj)

    @admin.display(description="state")
    def state_badge(self, obj: ImportJob) -> str:
        return labels.badge(State(obj.state).label, _TONES[State(obj.state)])

    @admin.display(description="created")
    def imported(self, obj: ImportJob) -> str:
        return "–" if obj.publish is None else f"{obj.new:,} of {obj.lines:,} lines"

    @admin.display(description="by")
    def by(self, obj: ImportJob) -> str:
        return obj.requested_by.get_username() if obj.requested_by else "–"

    # --- the page ---------------------------------------------------------------------------------------------
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied  # nothing here is edited
        return super().change_view(request, *args, **kwargs)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {**super().page_context(request, obj), **self._build_context(request, obj)}

    def _build_context(self, request: HttpRequest, obj: ImportJob) -> dict[str, Any]:
        faults = obj.faults.order_by("line", "pk")
        may = self.has_operate_permission(request, obj)
        return {
            "title": str(obj),
            "subtitle": None,
            "job": obj,
            "state": self.state_badge(obj),
            "status_text": describe_progress(obj),
            "working": obj.state in jobs.AT_WORK,
            "columns_url": reverse("admin:imports_importjob_columns", args=[obj.pk]),
            "mapping": obj.state == State.MAPPING and may,
            "mapped": describe_mapping(obj) if obj.state != State.MAPPING else [],
            "left_out": [(f"{times:,}", reason) for reason, times in obj.left_out_reasons.items()],
            "choosing": obj.state == State.READY and may and obj.new > 0,
            "new": f"{obj.new:,}",
            "known": f"{obj.known:,}",
            "wrong": f"{obj.wrong:,}",
            "nothing_new": obj.state == State.READY and not obj.new,
            "start_url": reverse("admin:imports_importjob_start", args=[obj.pk]),
            "progress_url": reverse("admin:imports_importjob_progress", args=[obj.pk]),
            "errors_url": reverse("admin:imports_importjob_errors", args=[obj.pk]),
            "would": obj.publish is None,
            "examples": build_examples(obj) if obj.state == State.READY and may else None,
            "faults": faults[:ERRORS_SHOWN],
            "more_faults": max(0, faults.count() - ERRORS_SHOWN),
            "by": self.by(obj),
            "when": times.time_tag(obj.created_at),
            "webhooks": {None: "Not decided yet", True: "Sent", False: "Not sent"}[obj.publish],
            "several": access_of(request).several,
        }

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """JSON for the page's script: `state` (running or over), `value`, `max`, `status_text`."""
        obj = self._get_job(request, object_id)
        if (refused := self.refuse_unless_read(request, obj)) is not None:
            return refused
        state = "running" if obj.state in jobs.AT_WORK else "over"
        return JsonResponse(
            {"state": state, "value": obj.done, "max": obj.pieces_total, "status_text": describe_progress(obj)}
        )

    def errors_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """All errors of the file's lines, as CSV."""
        obj = self._get_job(request, object_id)
        if (refused := self.refuse_unless_read(request, obj)) is not None:
            return refused
        return build_errors_csv(obj)

    def _get_job(self, request: HttpRequest, object_id: str) -> ImportJob:
        obj: ImportJob | None = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such import.")
        return obj

    # --- starting and cancelling ---------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        if obj.state == State.READY and obj.columns:
            return ("columns", "cancel")
        return ("cancel",) if obj.state not in jobs.OVER else ()

    @button("Start")
    def start(self, request: HttpRequest, obj: ImportJob) -> None:
        chosen = request.POST.get("publish")
        if chosen not in ("yes", "no"):
            self.message_user(request, "Choose whether webhooks are sent.", messages.ERROR)
            return
        new = obj.new
        if not jobs.start(obj, publish=chosen == "yes"):
            self.message_user(request, "This import was already started or cancelled.", messages.WARNING)
            return
        how = "with webhooks" if obj.publish else "without webhooks"
        self.audit(request, "Started an import", obj, detail=f"{new} new of {obj.lines} lines, {how}")

    @button("Cancel")
    def cancel(self, request: HttpRequest, obj: ImportJob) -> None:
        if not jobs.cancel(obj):
            self.message_user(request, "This import is already over.", messages.WARNING)
            return
        audit_log.record(
            audit_log.Actor.person(request.user), "Cancelled an import", obj, detail=describe_progress(obj)
        )
        self.message_user(request, describe_progress(obj), messages.SUCCESS)
