"""Writes an audit log entry for each save, deletion and button, in the transaction of the action: all of them call one
of Django's `log_…` methods. Part of TenantAdmin.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from ...tenancy import audit_log
from .rights import ScopedRows


class AuditedRows(ScopedRows):
    audits_own_saves = False  # set if `save_model` writes its own entry

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if not self.audits_own_saves:
            self.audit(request, "Added", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """`message` is a sentence from a button, or a form's list of changed fields."""
        if isinstance(message, str):
            act, _, detail = message.partition(". ")
            self.audit(request, act.rstrip("."), obj, detail=detail)
        elif message and not self.audits_own_saves:  # no entry if nothing changed
            self.audit(request, "Changed", obj, detail=_fields(message))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self.audit(request, "Removed", obj)
        return super().log_deletions(request, queryset)

    def audit(self, request: HttpRequest, act: str, obj: Any, *, detail: str = "") -> None:
        audit_log.record(audit_log.Actor.person(request.user), act, obj, company=self.company_id_of(obj), detail=detail)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        with transaction.atomic():  # the action and its audit entries
            return super().response_action(request, queryset)


def _fields(message: list[dict[str, Any]]) -> str:
    """The names of the changed fields. Never values: some are secrets."""
    names = [name for part in message for name in part.get("changed", {}).get("fields", ())]
    return ", ".join(str(name) for name in names)
