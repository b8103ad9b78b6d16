"""Importing in the admin: a file on one page; what would be made of it, the choice about webhooks and the progress on
the next. Viewers see what was imported."""

from __future__ import annotations

import csv
import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.buttons import ButtonsAdmin, button
from subscriptions.admin.kit.logs import LogAdmin
from subscriptions.models import Company
from subscriptions.tenancy import audit_log
from subscriptions.tenancy.access import access_of

from .. import jobs
from ..kinds import KINDS, MADE_ID
from ..lines import BadFile
from ..models import ImportJob
from .upload import InMemory, UploadForm, too_large

State = ImportJob.State
_TONES = {State.CHECKING: "busy", State.READY: "warn", State.RUNNING: "busy", State.DONE: "good",
          State.CANCELLED: "quiet", State.FAILED: "bad"}  # fmt: skip
LIST = "admin:imports_importjob_changelist"
FAULTS_SHOWN = 10
CELL = 60  # characters of a value in the table of examples


@admin.register(ImportJob)
class ImportJobAdmin(LogAdmin, ButtonsAdmin):
    menu, menu_order, menu_name = "Calls", 90, "Imports"
    related = ("requested_by",)
    deferred = ("seen",)
    deferred_in_list = ("examples",)
    newest_first = ("-pk",)
    list_display = ("created", "what", "state_badge", "made", "by")
    buttons = ("cancel", "start")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_operate_permission(request)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ()  # no box: they are few, and newest first

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows

    def get_urls(self) -> list[URLPattern]:
        wrapped, name = self.admin_site.admin_view, "imports_importjob"
        return [
            # The token is checked within, where the file may already be read.
            path("add/", wrapped(csrf_exempt(self._upload)), name=f"{name}_add"),
            path("<path:object_id>/progress/", wrapped(self.progress_view), name=f"{name}_progress"),
            path("<path:object_id>/errors/", wrapped(self.errors_view), name=f"{name}_errors"),
            *super().get_urls(),
        ]

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="uploaded")
    def created(self, obj: ImportJob) -> str:
        return times.time_tag(obj.created_at)

    @admin.display(description="file")
    def what(self, obj: ImportJob) -> str:
        return str(obj)

    @admin.display(description="state")
    def state_badge(self, obj: ImportJob) -> str:
        return labels.badge(State(obj.state).label, _TONES[State(obj.state)])

    @admin.display(description="made")
    def made(self, obj: ImportJob) -> str:
        return "–" if obj.publish is None else f"{obj.new:,} of {obj.lines:,} lines"

    @admin.display(description="by")
    def by(self, obj: ImportJob) -> str:
        return obj.requested_by.get_username() if obj.requested_by else "–"

    # --- uploading one --------------------------------------------------------------------------------------------
    def _upload(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        error = too_large(request) if request.method == "POST" else ""
        if error:  # and the body was not kept: there is no token to look at, and nothing is done
            return self._asked(request, self._form(request, None), error)
        request.upload_handlers = [InMemory(request)]
        answer: HttpResponse = csrf_protect(self._take)(request)
        return answer

    def _take(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self._asked(request, self._form(request, None))
        form = self._form(request, request.POST)
        if not form.is_valid():
            return self._asked(request, form)
        given, file = form.cleaned_data, form.cleaned_data["file"]
        try:
            with transaction.atomic():
                job = jobs.accept(
                    company=form.company_meant,
                    kind=given["kind"],
                    name=file.name,
                    content=file.read(),
                    encoding=given["encoding"],
                    source=given["source"],
                    by=request.user,
                )
                self.audit(request, "Uploaded a file", job, detail=f"{job.lines} lines")
        except BadFile as reason:
            form.add_error("file", str(reason))
            return self._asked(request, form)
        return HttpResponseRedirect(self.change_url(job.pk))

    def _form(self, request: HttpRequest, data: Any) -> UploadForm:
        access = access_of(request)
        companies = access.limit(Company.objects.defer("signing_key"), "pk", writing=True, by=self.writers)
        asked = request.GET.get("kind", "")
        initial = {"kind": asked if asked in KINDS else "calls"}
        given: dict[str, Any] = {"companies": companies.order_by("name"), "only": access.only_company(self.writers)}
        if data is None:
            return UploadForm(initial=initial, **given)
        return UploadForm(data, request.FILES, initial=initial, **given)

    def _asked(self, request: HttpRequest, form: UploadForm, error: str = "") -> HttpResponse:
        known = [(label, ", ".join(KINDS[kind].columns)) for kind, label in ImportJob.Kind.choices]
        return TemplateResponse(
            request,
            "admin/imports/importjob/ask.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": "Import past calls, texts or forms",
                "form": form,
                "error": error,
                "known": known,
                "list_url": reverse(LIST),
            },
            status=413 if error else 200,
        )

    # --- watching one ---------------------------------------------------------------------------------------------
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied  # nothing here is edited
        obj = self.get_object(request, unquote(object_id))
        context = self._page(request, obj) if obj is not None else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def _page(self, request: HttpRequest, obj: ImportJob) -> dict[str, Any]:
        faults = obj.faults.order_by("line", "pk")
        may = self.has_operate_permission(request, obj)
        return {
            "title": str(obj),
            "subtitle": None,
            "job": obj,
            "state": self.state_badge(obj),
            "status_text": _told(obj),
            "working": obj.state in jobs.AT_WORK,
            "choosing": obj.state == State.READY and may and obj.new > 0,
            "new": f"{obj.new:,}",
            "known": f"{obj.known:,}",
            "wrong": f"{obj.wrong:,}",
            "nothing_new": obj.state == State.READY and not obj.new,
            "start_url": reverse("admin:imports_importjob_start", args=[obj.pk]),
            "progress_url": reverse("admin:imports_importjob_progress", args=[obj.pk]),
            "errors_url": reverse("admin:imports_importjob_errors", args=[obj.pk]),
            "would": obj.publish is None,
            "examples": _table(obj) if obj.state == State.READY and may else None,
            "faults": faults[:FAULTS_SHOWN],
            "more_faults": max(0, faults.count() - FAULTS_SHOWN),
            "by": self.by(obj),
            "when": times.time_tag(obj.created_at),
            "webhooks": {None: "Not decided yet", True: "Sent", False: "Not sent"}[obj.publish],
            "several": access_of(request).several,
        }

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """JSON for the page's script: `state` (running while there is something to follow), `value`, `max`, `told`."""
        obj = self._found(request, object_id)
        if (refused := self.refuse_unless_read(request, obj)) is not None:
            return refused
        state = "running" if obj.state in jobs.AT_WORK else "over"
        return JsonResponse({"state": state, "value": obj.done, "max": obj.pieces_total, "status_text": _told(obj)})

    def errors_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """All that is wrong with the file's lines, as CSV."""
        obj = self._found(request, object_id)
        if (refused := self.refuse_unless_read(request, obj)) is not None:
            return refused
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="import-{obj.pk}-errors.csv"'
        writer = csv.writer(answer)
        writer.writerow(["line", "column", "error"])
        for fault in obj.faults.order_by("line", "pk").iterator():
            # What comes out of somebody's file must be no formula in somebody else's spreadsheet.
            writer.writerow([fault.line, *(_harmless(text) for text in (fault.where, fault.words))])
        return answer

    def _found(self, request: HttpRequest, object_id: str) -> ImportJob:
        obj: ImportJob | None = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such import, or it belongs to another company.")
        return obj

    # --- beginning and ending one ---------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        return ("cancel",) if obj.state not in jobs.OVER else ()

    @button("Start")
    def start(self, request: HttpRequest, obj: ImportJob) -> None:
        chosen = request.POST.get("publish")
        if chosen not in ("yes", "no"):
            self.message_user(request, "Choose whether webhooks are sent.", messages.ERROR)
            return
        new = obj.new
        if not jobs.start(obj, publish=chosen == "yes"):
            self.message_user(request, "It was started or cancelled already.", messages.WARNING)
            return
        how = "with webhooks" if obj.publish else "without webhooks"
        self.audit(request, "Started an import", obj, detail=f"{new} new of {obj.lines} lines, {how}")

    @button("Cancel")
    def cancel(self, request: HttpRequest, obj: ImportJob) -> None:
        if not jobs.cancel(obj):
            self.message_user(request, "It was over already.", messages.WARNING)
            return
        audit_log.record(audit_log.Actor.person(request.user), "Cancelled an import", obj, detail=_told(obj))
        self.message_user(request, _told(obj), messages.SUCCESS)


def _told(job: ImportJob) -> str:
    """How far it is, in one or two sentences."""
    made = f"{job.new:,} made, {job.known:,} there already, {job.wrong:,} {_lines_wrong(job.wrong)}"
    if job.state == State.CHECKING:
        return f"{_share(job)} of {job.lines:,} lines looked at. Nothing is made yet."
    if job.state == State.READY:
        return f"All {job.lines:,} lines were looked at. Nothing is made yet."
    if job.state == State.RUNNING:
        return f"{_share(job)} of {job.lines:,} lines: {made}."
    if job.state == State.DONE:
        return f"{made}."
    if job.publish is None:
        return "Nothing was made." if job.state == State.CANCELLED else f"{_BROKEN} Nothing was made."
    rest = f"{made}, the rest was left out. What was made stays; the same file can be imported again for the rest."
    return rest if job.state == State.CANCELLED else f"{_BROKEN} {rest}"


_BROKEN = "Something went wrong on our side; the service’s log says what."


def _lines_wrong(count: int) -> str:
    return "line wrong" if count == 1 else "lines wrong"


def _share(job: ImportJob) -> str:
    return f"{job.done / max(1, job.pieces_total):.0%}"


def _table(job: ImportJob) -> list[tuple[str, list[str]]]:
    """The first rows as they would be: a line for each field, a column for each row."""
    rows = json.loads(job.examples or "[]")
    # An id that the import made of the line says nothing to a reader.
    names = dict.fromkeys(name for row in rows for name, value in row.items() if not value.startswith(MADE_ID))
    return [(name, [_short(row.get(name, "")) for row in rows]) for name in names]


def _short(text: str) -> str:
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
