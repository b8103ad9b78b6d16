"""What the list shows, as a CSV file."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.utils import timezone

from subscriptions.admin.kit import export as files
from subscriptions.models import Company
from subscriptions.replica.reading import Reader
from subscriptions.tenancy import audit_log

from . import reading, searching
from .filters import Filters
from .page import what_is_shown
from .rows import Row, read_rows

CHUNK = 500  # rows that are read at once
COLUMNS = ("Time", "Kind", "Who", "Number", "Email", "What happened", "Detail", "Seconds", "Source", "Tracking number",
            "Tags", "Webhooks", "Id")  # fmt: skip


def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    shown = what_is_shown(request)
    if isinstance(shown, HttpResponseRedirect):
        return shown
    company, filters = shown
    actor = audit_log.Actor.person(request.user)
    asked = filters.encoded()
    audit_log.record(actor, "Exported activity", company=company, detail=f"With {asked}" if asked else "Everything")
    return files.csv_response("activity", COLUMNS, _lines(filters, company))


def _lines(filters: Filters, company: Company) -> Iterator[tuple[object, ...]]:
    """Times are in the company's zone: this runs after the time zone of the page was reset."""
    zone = zoneinfo.ZoneInfo(company.time_zone)
    written, reader = 0, Reader()
    with timezone.override(zone):
        pieces = reading.read_on(filters, company.pk, reader, size=CHUNK)
    while True:
        with timezone.override(zone):
            keys = next(pieces, None)
            rows = reader.read(partial(read_rows, [company.pk], keys)) if keys else []
        for row in rows:
            if written == files.MAX_ROWS:
                yield (f"This file contains the first {written:,} rows only. Choose a shorter period for the rest.",)
                return
            yield line(row, zone)
            written += 1
        if keys is None:
            break
    if filters.words and written >= searching.MOST_FOUND:
        yield (f"A search finds {written:,} rows at most. Choose a shorter period for the rest.",)


def line(row: Row, zone: zoneinfo.ZoneInfo) -> tuple[object, ...]:
    said = row.said.strip("“”")
    return (
        files.format_time(row.at, zone), row.label, row.who, row.number or row.who, row.email, row.state or said,
        row.more, row.seconds, row.source, row.tracker, ", ".join(row.tags), row.arrived.words if row.arrived else "",
        row.subject_id,
    )  # fmt: skip
