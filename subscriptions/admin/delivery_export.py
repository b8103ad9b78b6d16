"""The list of deliveries as a CSV file."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse

from ..models import Company, Delivery
from ..tenancy import audit_log
from ..tenancy.access import access_of
from .kit import export, labels, subjects
from .kit.filters import is_id
from .kit.logs import LogAdmin

_COLUMNS = ("Delivery", "Created", "Company", "Subscription", "URL", "Event", "Who", "Number", "About", "webhook-id",
            "State", "What happened", "HTTP code", "Attempts", "Next try", "Finished")  # fmt: skip


class DeliveryExportAdmin(LogAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="subscriptions_delivery_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The list with the same filters and search, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        try:
            rows = LogAdmin.get_changelist_instance(self, request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:subscriptions_delivery_changelist"))
        _audit_export(request)
        return export.csv_response("deliveries", _COLUMNS, _csv_rows(self.admin_site, self._parts(request, rows)))

    def _parts(self, request: HttpRequest, rows: QuerySet[Any]) -> list[QuerySet[Any]]:
        """The rows of each company by themselves, where one index serves each: as the list reads them."""
        scan = self.cached_index_scan(request)
        return [rows.filter(part) for part in scan.split] if scan is not None and scan.split else [rows]


def _audit_export(request: HttpRequest) -> None:
    """One entry per exported company; a single one without a company if an operator exports all."""
    access, chosen = access_of(request), request.GET.get("company", "")
    detail = f"With {request.GET.urlencode()}" if request.GET else "The last 24 hours"
    actor = audit_log.Actor.person(request.user)
    if access.all_companies and not is_id(chosen):
        audit_log.record(actor, "Exported deliveries", detail=detail)
        return
    companies = access.limit(Company.objects.all(), "pk")
    if is_id(chosen):
        companies = companies.filter(pk=int(chosen))
    for pk in companies.values_list("pk", flat=True):
        audit_log.record(actor, "Exported deliveries", company=pk, detail=detail)


def _csv_rows(site: AdminSite, parts: Sequence[QuerySet[Any]]) -> Iterator[tuple[object, ...]]:
    """Times are in the zone of each row's company: this runs after the time zone of the page was reset."""
    for piece in export.limit_slices(parts, "deliveries"):
        if isinstance(piece, str):
            yield (piece,)
            return
        known = subjects.find_contacts(site, {row.event.subject_id for row in piece if not row.event.test})
        yield from (_line(row, *known.get(row.event.subject_id, ("", ""))) for row in piece)


def _line(row: Delivery, who: str, number: str) -> tuple[object, ...]:
    zone = zoneinfo.ZoneInfo(row.company.time_zone)
    return (
        row.pk, export.format_time(row.created_at, zone), row.company.name, row.subscription.name,
        row.subscription.url, row.event.type, "Invented data" if row.event.test else who, number, row.event.subject_id,
        row.event.webhook_id, labels.state_label(row), labels.outcome_label(row), row.status_code, row.attempts,
        export.format_time(row.due_at, zone), export.format_time(row.finished_at, zone),
    )  # fmt: skip
