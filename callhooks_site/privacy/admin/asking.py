"""The pages on which somebody says whom they mean, sees what there is, and has it erased or handed out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from calls.models import Person
from calls.phones import formatted
from subscriptions.admin.kit.searched_choices import search_in
from subscriptions.admin.kit.tenancy import TenantAdmin
from subscriptions.lib.errors import ActionRefused
from subscriptions.models import Company
from subscriptions.tenancy import audit_log
from subscriptions.tenancy.access import access_of

from .. import counting, handing_out, jobs, who
from ..models import Erasure

LABELS = {
    "calls": "Calls", "recordings": "Recordings, as links", "texts": "Texts", "forms": "Forms",
    "webhooks": "Webhooks that are stored", "webhooks_waiting": "Webhooks that wait; they are cancelled",
}  # fmt: skip


class WhoForm(forms.Form):
    company = forms.ModelChoiceField(Company.objects.none(), empty_label="Choose one")
    contact = forms.CharField(
        label="Phone number or email address",
        max_length=254,
        help_text="In any notation. A person with several numbers and addresses is found by each of them.",
    )

    def __init__(self, *args: Any, companies: QuerySet[Company], only: Company | None, **kwargs: Any) -> None:
        """`only`: the company, if there is no choice."""
        super().__init__(*args, **kwargs)
        self._only = only
        if only is not None:
            del self.fields["company"]
        else:
            field: Any = self.fields["company"]
            field.queryset = companies
            search_in(field, Erasure._meta.get_field("company"))

    @property
    def chosen_company(self) -> Company:
        return self._only or self.cleaned_data["company"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        contact = cleaned.get("contact", "").replace("\x00", "")
        if contact and (self._only or cleaned.get("company")):
            try:
                cleaned["who"] = who.find(self.chosen_company, contact)
            except who.NotUnderstood as error:
                self.add_error("contact", str(error))
        return cleaned


class AskingPage(TenantAdmin):
    def ask_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if page := self.ask_identity(request):
            return page
        form = self._form(request)
        if not form.is_bound or not form.is_valid():
            return self._render(request, form)
        company, found = form.chosen_company, form.cleaned_data["who"]
        if "export" in request.POST:
            try:
                return self._export(request, company, found)
            except handing_out.Busy:
                form.add_error(None, handing_out.BUSY)
        if "erase" in request.POST and "sure" in request.POST:
            try:
                with transaction.atomic():
                    job = jobs.start(company, found, by=audit_log.Actor.person(request.user))
                return HttpResponseRedirect(self.change_url(job.pk))
            except ActionRefused as error:
                form.add_error(None, str(error))
        elif "erase" in request.POST:
            form.add_error(None, "Tick the box: an erasure cannot be undone.")
        return self._render(request, form, self._found(company, found))

    def _export(self, request: HttpRequest, company: Company, found: who.Who) -> StreamingHttpResponse:
        people = Person.objects.filter(pk__in=found.people).order_by("pk").first()
        actor = audit_log.Actor.person(request.user)
        name = people.resource_id if people else "nobody"
        answer = handing_out.answer(request, company, found, f"person-{name}")
        try:
            audit_log.record(actor, "Exported a person's data", company=company, detail=name)
        except BaseException:
            answer.close()
            raise
        return answer

    def _form(self, request: HttpRequest) -> WhoForm:
        access = access_of(request)
        companies = access.limit(Company.objects.defer("signing_key"), "pk", writing=True, by=self.writers)
        given: dict[str, Any] = {"companies": companies.order_by("name"), "only": access.only_company(self.writers)}
        return WhoForm(request.POST, **given) if request.method == "POST" else WhoForm(**given)

    def _found(self, company: Company, found: who.Who) -> dict[str, Any]:
        counts = counting.count(found)
        return {
            "contacts": [*map(formatted, found.contacts.phones), *found.contacts.emails],
            "known": bool(found.people),
            "counts": [
                (label, f"{counts[name]:,}{'+' if counts[name] >= counting.MOST else ''}")
                for name, label in LABELS.items()
            ],
            "earlier": [(one, self.change_url(one.pk)) for one in jobs.find_earlier(company, found)],
        }

    def _render(self, request: HttpRequest, form: WhoForm, found: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "A person’s data",
            "form": form,
            "found": found,
            "list_url": reverse("admin:privacy_erasure_changelist"),
        }
        return TemplateResponse(request, "admin/privacy/ask.html", context)
