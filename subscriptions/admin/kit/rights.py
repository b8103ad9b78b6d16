"""Permissions and row filtering by company. Part of TenantAdmin."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from ...models import Company
from ...tenancy.access import WRITERS, access_of

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

READ = frozenset({"view"})
EDIT = frozenset({"view", "add", "change"})


class ScopedRows(_ModelAdmin):
    company_path = "company"  # path from a row to its company; "pk" for companies
    # Rights of members with a writing role, and of operators. Viewers may only view.
    member_rights = EDIT
    writers: frozenset[str] = WRITERS  # the roles that may write
    operator_rights = EDIT
    related: tuple[str, ...] = ()  # for select_related
    deferred: tuple[str, ...] = ()  # for defer
    deferred_in_list: tuple[str, ...] = ()
    show_full_result_count = False  # no page says how many there are without the filters

    def _may(self, request: HttpRequest, right: str, obj: Any = None) -> bool:
        access = access_of(request)
        if right not in (self.operator_rights if access.all_companies else self.member_rights):
            return False
        if right == "view":
            return access.may_read_some() if obj is None else access.may_read(self.company_id_of(obj))
        return self.has_operate_permission(request, obj)

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may act on a row without editing it: resend, pause, reveal."""
        access = access_of(request)
        return (
            access.may_write_some(self.writers)
            if obj is None
            else access.may_write(self.company_id_of(obj), self.writers)
        )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "delete", obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "view")

    @property
    def has_company(self) -> bool:
        return self.company_path == "company"

    def company_id_of(self, obj: Any) -> int | None:
        *way, last = self.company_path.split("__")
        for step in way:
            obj = getattr(obj, step)
        found: int | None = obj.pk if last == "pk" else getattr(obj, f"{last}_id")
        return found

    def company_of(self, obj: Any) -> Company:
        for step in self.company_path.split("__"):
            obj = obj if step == "pk" else getattr(obj, step)
        company: Company = obj
        return company

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = access_of(request).limit(super().get_queryset(request), self.company_path)
        if self.has_company:
            # Avoids decrypting secrets that are not needed.
            rows = rows.select_related("company", *self.related).defer("company__signing_key")
        deferred = [*self.deferred, *(self.deferred_in_list if _is_list(request) else ())]
        return rows.defer(*deferred) if deferred else rows

    def writable(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Filter rows to companies in which the user may write: the role can differ by company."""
        return access_of(request).limit(rows, self.company_path, writing=True, by=self.writers)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            company: Company | None = self.company_of(obj)
            use_zone(company.time_zone if company else "UTC")
        return obj

    def change_url(self, pk: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[quote(pk)])


def use_zone(name: str) -> None:
    """Set the time zone for this page. The site's `admin_view` restores it."""
    timezone.activate(zoneinfo.ZoneInfo(name))


def _is_list(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and (match.url_name or "").endswith("_changelist")
