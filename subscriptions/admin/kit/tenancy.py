"""The one mixin that keeps tenants apart in the admin. Every page of a tenant's rows derives from it; pages that do not
are for operators alone (`callhooks_site.admin_site`).

What it closes: rows, by their company, and rights, by the membership's role (`rights`) · look-ups in the address, to
those of the declared filters, and filters, which may list no other company's rows (`scoped_lists`) · choices of related
rows on forms, and with them what a POST may name, initial values out of the address, popups that edit related rows
(`scoped_forms`) · pages of deletion, which would list related rows · "view on site". And what is done stands in the
audit log (`audited`).
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
    tenant_scoped = True  # the mark by which the site knows it
    view_on_site = False

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Only the rows themselves: what hangs on them can be a million rows, and is nobody's question here."""
        lacking = {str(self.opts.verbose_name) for obj in objs if not self.has_delete_permission(request, obj)}
        return [str(obj) for obj in objs], {str(self.opts.verbose_name_plural): len(objs)}, lacking, []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"change_url": self.change_url(object_id), **(extra_context or {})}
        try:
            return super().delete_view(request, object_id, context)
        except (ProtectedError, RestrictedError):
            self.message_user(request, "It is in use and cannot be deleted.", messages.ERROR)
            return HttpResponseRedirect(self.change_url(object_id))
