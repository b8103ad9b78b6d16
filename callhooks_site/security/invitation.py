"""The page that an invitation's link opens. Opening it does not use up the invitation, since mail scanners open
links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model, login
from django.contrib.auth.forms import SetPasswordForm
from django.db import IntegrityError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from subscriptions.lib.errors import ActionRefused
from subscriptions.tenancy import members

if TYPE_CHECKING:
    _SetPasswordForm = SetPasswordForm[Any]
else:
    _SetPasswordForm = SetPasswordForm

BACKEND = "django.contrib.auth.backends.ModelBackend"
NEW_USER, INVITED_USER, OTHER_USER, LOGIN_NEEDED = "new", "join", "other", "login"


class NewAccountForm(_SetPasswordForm):
    first_name = forms.CharField(max_length=150)
    last_name = forms.CharField(max_length=150, required=False)
    field_order = ("first_name", "last_name", "new_password1", "new_password2")

    def clean(self) -> dict[str, Any]:
        # Set these first: the password validators compare the password with them.
        self.user.first_name = self.cleaned_data.get("first_name", "")
        self.user.last_name = self.cleaned_data.get("last_name", "")
        return super().clean() or self.cleaned_data


@sensitive_post_parameters()
def invitation_page(request: HttpRequest, token: str, site: AdminSite) -> HttpResponse:
    invitation = members.find_invitation(token)
    if invitation is None:
        return _page(request, site, {"title": "This link is no longer valid"}, status=410)
    user = get_user_model()(username=invitation.email, email=invitation.email, is_staff=True)
    case = _case(request, site, invitation.email)
    form = NewAccountForm(user, request.POST or None) if case == NEW_USER else None
    if request.method == "POST" and case in (NEW_USER, INVITED_USER) and (form is None or form.is_valid()):
        if form is not None:
            user.set_password(form.cleaned_data["new_password1"])
        try:
            members.accept(token, user if form is not None else request.user)
        except (ActionRefused, IntegrityError):  # the link was used, or the username taken, meanwhile
            return HttpResponseRedirect(request.path)
        if form is not None:
            login(request, user, backend=BACKEND)
        return HttpResponseRedirect(reverse("admin:index"))
    context = {"title": f"Join {invitation.company.name}", "invitation": invitation, "case": case, "form": form}
    return _page(request, site, context)


def _case(request: HttpRequest, site: AdminSite, email: str) -> str:
    """Which of the four cases this is. The link was sent to this address, so its reader may learn whether it has an
    account."""
    if site.has_permission(request):
        mine = {request.user.get_username().lower(), getattr(request.user, "email", "").lower()}
        return INVITED_USER if email in mine else OTHER_USER
    known = get_user_model()._default_manager.filter(Q(username__iexact=email) | Q(email__iexact=email))
    return LOGIN_NEEDED if known.exists() else NEW_USER


def _page(request: HttpRequest, site: AdminSite, context: dict[str, Any], status: int = 200) -> HttpResponse:
    whole = {**site.each_context(request), "menu": [], **context}
    return TemplateResponse(request, "security/invitation.html", whole, status=status)
