"""The page where users change their password. Wrong guesses of the old one count like those of the login."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from subscriptions.tenancy import audit_log

from . import reauthentication

DONE = "Changed the password"


class _Form(PasswordChangeForm):
    required_css_class = "required"

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request

    def clean_old_password(self) -> str:
        old = str(self.cleaned_data["old_password"])
        if not reauthentication.is_password(self._request, old):
            raise forms.ValidationError(reauthentication.WRONG_PASSWORD, code="password_incorrect")
        return old


class _View(PasswordChangeView):
    form_class = _Form

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        reauthentication.remember(self.request)
        audit_log.record(audit_log.Actor.person(self.request.user), DONE)
        return answer


def password_change_page(request: HttpRequest, site: AdminSite, context: dict[str, Any] | None) -> TemplateResponse:
    template = site.password_change_template or "registration/password_change_form.html"
    shown = {**site.each_context(request), **(context or {})}
    url = reverse("admin:password_change_done")
    view = _View.as_view(template_name=template, success_url=url, extra_context=shown)
    response: Any = view(request)  # a redirect after a change; Django itself calls both a TemplateResponse
    answer: TemplateResponse = response
    return answer
