"""TenantAdmin, the base of every admin page with tenants' rows. It keeps companies apart. All other pages are for
operators only (`callhooks_site.admin_site`).

- `rights`: rows by company, permissions by the role of the membership.
- `scoped_lists`: only declared filters as lookups in the query string, and no filter that lists other companies' rows.
- `scoped_forms`: choices of related rows, what a POST may contain, initial values from the query string, no popups.
- Here: deletion pages without related rows, no "view on site".
- `audited`: an audit log entry for every action.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from .audited import AuditedRows
from .rights import EDIT, READ
from .scoped_forms import ScopedForms
from .scoped_lists import ScopedLists

__all__ = ["EDIT", "READ", "TenantAdmin"]


class TenantAdmin(ScopedLists, ScopedForms, AuditedRows):
    tenant_scoped = True  # the site checks this flag
    view_on_site = False
    confirms = False  # whether every change of these rows asks who it is again, if the last time is a while ago

    def ask_identity(self, request: HttpRequest) -> HttpResponse | None:
        """The page that asks, or None if the request may go on."""
        site: Any = self.admin_site
        page: HttpResponse | None = site.ask_identity(request)
        return page

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page = self.ask_identity(request) if self.confirms else None
        return page or super().changeform_view(request, *args, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if kwargs.get("change") and kwargs.get("obj") is not None:
            context.update(self.page_context(request, kwargs["obj"]))
        return super().render_change_form(request, context, *args, **kwargs)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the template of a row's page gets beside the form."""
        return {}

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page = self.ask_identity(request) if self.confirms else None
        return page or super().changelist_view(request, *args, **kwargs)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """List only the rows themselves: related rows can be millions."""
        lacking = {str(self.opts.verbose_name) for obj in objs if not self.has_delete_permission(request, obj)}
        return [str(obj) for obj in objs], {str(self.opts.verbose_name_plural): len(objs)}, lacking, []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.confirms and (page := self.ask_identity(request)):
            return page
        context = {"change_url": self.change_url(object_id), **(extra_context or {})}
        try:
            return super().delete_view(request, object_id, context)
        except (ProtectedError, RestrictedError):
            self.message_user(request, "This is in use, so it cannot be deleted.", messages.ERROR)
            return HttpResponseRedirect(self.change_url(object_id))
