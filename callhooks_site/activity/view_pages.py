"""Pages to save the filters as a view, and to rename or delete one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from subscriptions.models import Company
from subscriptions.tenancy import audit_log
from subscriptions.tenancy.access import access_of

from .models import MOST_QUERY, SavedView
from .page import address, what_is_shown
from .saved_views import MOST_VIEWS, filters_of, may_change


class ViewForm(forms.ModelForm):  # type: ignore[type-arg]
    shared = forms.BooleanField(required=False, label="Everybody in the company sees it")

    class Meta:
        model = SavedView
        fields = ("name",)

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["shared"]


def add_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    shown = what_is_shown(request)
    if isinstance(shown, HttpResponseRedirect):
        return shown
    company, filters = shown
    back = address(request, company, filters)
    form = ViewForm(request.POST or None, may_share=access_of(request).may_write(company.pk))
    if form.is_valid():
        view = SavedView(company=company, name=form.cleaned_data["name"], query=filters.encoded())
        if _save(request, form, view):
            return HttpResponseRedirect(back)
    return _show(request, site, form, company, {"title": "Save this view", "back_url": back})


def change_page(request: HttpRequest, object_id: int, site: AdminSite) -> HttpResponse:
    view = SavedView.objects.select_related("company").defer("company__signing_key").filter(pk=object_id).first()
    if view is None or not access_of(request).may_read(view.company_id) or not may_change(request, view):
        raise Http404("There is no such view.")
    here = address(request, view.company, filters_of(view))
    if request.method == "POST" and "delete" in request.POST:
        if view.owner_id is None:
            audit_log.record(audit_log.Actor.person(request.user), "Deleted a view", view, detail=view.name)
        view.delete()
        messages.success(request, f"The view “{view.name}” is deleted.")
        return HttpResponseRedirect(here)
    may_share = access_of(request).may_write(view.company_id)
    form = ViewForm(request.POST or None, instance=view, initial={"shared": view.owner_id is None}, may_share=may_share)
    if form.is_valid() and _save(request, form, view):
        return HttpResponseRedirect(here)
    return _show(request, site, form, view.company, {"title": view.name, "back_url": here, "view": view})


def _save(request: HttpRequest, form: ViewForm, view: SavedView) -> bool:
    """Whether it went. If not, the form says why."""
    if len(view.query) > MOST_QUERY:
        form.add_error(None, "These filters are too long to be saved. Search for fewer words, and save that.")
        return False
    user: Any = request.user
    view.owner = None if form.cleaned_data.get("shared") else user
    others = SavedView.objects.filter(company=view.company, owner=view.owner).exclude(pk=view.pk)
    if others.count() >= MOST_VIEWS:
        form.add_error("name", f"No more than {MOST_VIEWS} views can be saved. Delete one first.")
        return False
    try:
        with transaction.atomic():
            view.save()
            if view.owner is None:
                audit_log.record(audit_log.Actor.person(user), "Saved a view", view, detail=view.name)
    except IntegrityError:
        form.add_error("name", "There is a view of that name. Choose another, or delete that one first.")
        return False
    messages.success(request, f"The view “{view.name}” is saved.")
    return True


def _show(
    request: HttpRequest, site: AdminSite, form: ViewForm, company: Company, more: dict[str, Any]
) -> HttpResponse:
    if not access_of(request).may_read(company.pk):
        raise PermissionDenied
    context = {**site.each_context(request), "form": form, "company": company, **more}
    return TemplateResponse(request, "activity/view_form.html", context)
