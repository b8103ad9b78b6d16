"""What is done on a page stands in the audit log, in the transaction of the act: saves, deletions and every button, for
all of them end in one of Django's `log_…` methods. Part of TenantAdmin.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from ...tenancy import audit_log
from .rights import ScopedRows


class AuditedRows(ScopedRows):
    audits_own_saves = False  # a page whose `save_model` writes the entry, in words of its own

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if not self.audits_own_saves:
            self.audit(request, "Added", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """A button's message is a sentence about what was done; a form's is the list of the fields that differ."""
        if isinstance(message, str):
            act, _, detail = message.partition(". ")
            self.audit(request, act.rstrip("."), obj, detail=detail)
        elif message and not self.audits_own_saves:  # a form that was saved untouched did nothing
            self.audit(request, "Changed", obj, detail=_fields(message))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self.audit(request, "Removed", obj)
        return super().log_deletions(request, queryset)

    def audit(self, request: HttpRequest, act: str, obj: Any, *, detail: str = "") -> None:
        audit_log.record(audit_log.Actor.person(request.user), act, obj, company=self.company_id_of(obj), detail=detail)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        with transaction.atomic():  # the act on many rows, and its entries
            return super().response_action(request, queryset)


def _fields(message: list[dict[str, Any]]) -> str:
    """The names of what was changed, never a value: some are secrets."""
    names = [name for part in message for name in part.get("changed", {}).get("fields", ())]
    return ", ".join(str(name) for name in names)
