"""The page that takes a file."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect

from subscriptions.admin.kit.tenancy import TenantAdmin
from subscriptions.models import Company
from subscriptions.tenancy.access import access_of

from .. import jobs
from ..bad_file import BadFile
from ..kinds import KINDS
from ..models import ImportJob
from .upload_form import InMemoryUpload, UploadForm, check_size

LIST = "admin:imports_importjob_changelist"


class UploadPage(TenantAdmin):
    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Needs `csrf_exempt`: it checks the token itself, once the size is known and the file may be read."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        error = check_size(request) if request.method == "POST" else ""
        if error:  # the body was discarded: there is no token to check, and nothing is done
            return self._render(request, self._build_form(request, None), error)
        request.upload_handlers = [InMemoryUpload(request)]
        answer: HttpResponse = csrf_protect(self._receive)(request)
        return answer

    def _receive(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self._render(request, self._build_form(request, None))
        form = self._build_form(request, request.POST)
        if not form.is_valid():
            return self._render(request, form)
        given, file = form.cleaned_data, form.cleaned_data["file"]
        try:
            with transaction.atomic():
                job = jobs.create_job(
                    company=form.chosen_company,
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
            return self._render(request, form)
        if job.state == ImportJob.State.MAPPING:
            return HttpResponseRedirect(reverse("admin:imports_importjob_columns", args=[job.pk]))
        return HttpResponseRedirect(self.change_url(job.pk))

    def _build_form(self, request: HttpRequest, data: Any) -> UploadForm:
        access = access_of(request)
        companies = access.limit(Company.objects.defer("signing_key"), "pk", writing=True, by=self.writers)
        kind = request.GET.get("kind", "")
        initial = {"kind": kind if kind in KINDS else "calls"}
        given: dict[str, Any] = {"companies": companies.order_by("name"), "only": access.only_company(self.writers)}
        if data is None:
            return UploadForm(initial=initial, **given)
        return UploadForm(data, request.FILES, initial=initial, **given)

    def _render(self, request: HttpRequest, form: UploadForm, error: str = "") -> HttpResponse:
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
