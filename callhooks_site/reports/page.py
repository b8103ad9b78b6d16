"""The page Reports of the admin, and its CSV file."""

from __future__ import annotations

import zoneinfo
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from calls.models import Tag
from calls.phones import formatted
from subscriptions.admin import frame
from subscriptions.admin.kit import charts as kit_charts
from subscriptions.admin.kit import export as kit_export
from subscriptions.admin.kit import times
from subscriptions.admin.kit.chips import Chip, Choice
from subscriptions.admin.kit.filters import is_id
from subscriptions.admin.kit.menu import Page, add_page
from subscriptions.models import Company
from subscriptions.replica.reading import Reader
from subscriptions.tenancy import audit_log
from subscriptions.tenancy.access import access_of

from . import charts, export, selected, words
from .all_companies import all_page
from .heat import draw_heat
from .period import LABELS, BadPeriod, Period, read_period, this_month
from .report import Line, Report, build_report
from .selected import WHICH, Selection
from .top_callers import MOST_CALLS

LINES = 12  # of a card; the file has all
CHOICES = 50  # of a chip

add_page(Page("reports", "Reports", "admin:reports", takes_company=True,
              allowed=lambda request: access_of(request).may_read_some()))  # fmt: skip


def urls(site: AdminSite) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        return _page(site, request)

    return [
        path("reports/", site.admin_view(page), name="reports"),
        path("reports/export/", site.admin_view(_export), name="reports_export"),
    ]


def _page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    company = _company(request, frame.choose_company(site, request))
    if company is None:
        return all_page(request, site)
    with timezone.override(zoneinfo.ZoneInfo(company.time_zone)):
        period, wrong = _period(request)
        reader = Reader()
        report = reader.read(lambda: _build(request, company, period))
        context = {
            **site.each_context(request),
            "title": "Reports",
            "late": words.late(reader.late),
            "wrong": wrong,
            **_Shown(request, company, report).context(),
        }
        return TemplateResponse(request, "admin/reports/report.html", context).render()


def _export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """What the page shows, with all its lines."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    asked = request.GET.get("company", "")
    access = access_of(request)
    chosen = next(iter(access.roles), None) if not access.several else int(asked) if is_id(asked) else None
    company = _company(request, chosen)
    if company is None:
        raise PermissionDenied
    with timezone.override(zoneinfo.ZoneInfo(company.time_zone)):
        period, _ = _period(request)
        rows = list(export.rows_of(Reader().read(lambda: _build(request, company, period))))
    detail = f"With {request.GET.urlencode()}" if request.GET else period.in_words()
    audit_log.record(audit_log.Actor.person(request.user), "Exported a report", company=company.pk, detail=detail)
    name = f"report-{period.since}-{period.until}"
    return kit_export.csv_response(name, export.COLUMNS, rows)


def _company(request: HttpRequest, chosen: int | None) -> Company | None:
    access = access_of(request)
    if not access.may_read_some():
        raise PermissionDenied
    if chosen is None or not access.may_read(chosen):
        return None
    return Company.objects.defer("signing_key").filter(pk=chosen).first()


def _period(request: HttpRequest) -> tuple[Period, str]:
    """The period, and what is wrong with the one that was asked for."""
    today = timezone.localdate()
    try:
        return read_period(request.GET.dict(), today), ""
    except BadPeriod as error:
        return this_month(today), str(error)


def _build(request: HttpRequest, company: Company, period: Period) -> Report:
    number = request.GET.get("number", "")
    source = request.GET.get("source", "")[:200]
    chosen = int(number) if is_id(number) else None
    return build_report(company, period, source=source, number=chosen, selection=_selection(request))


def _selection(request: HttpRequest) -> Selection:
    tag, which = request.GET.get("tag", ""), request.GET.get("which", "")
    return Selection(int(tag) if is_id(tag) else None, which if which in WHICH else "")


class _Shown:
    """What the template shows of a report."""

    def __init__(self, request: HttpRequest, company: Company, report: Report) -> None:
        self.report, self.of_company = report, company
        number = request.GET.get("number", "")
        self.source, self.number = request.GET.get("source", "")[:200], number if is_id(number) else ""
        self.company = request.GET.get("company", "") if access_of(request).several else ""

    def context(self) -> dict[str, Any]:
        report, total = self.report, self.report.total
        today = timezone.localdate()
        filled = bool(total.whole or total.outbound or total.texts_sent)
        return {
            "report": report,
            "periods": [self._range(name, label) for name, label in LABELS.items()],
            "chips": [
                self._chip("Source", "source", self.source, report.source_choices),
                self._chip("Tracking number", "number", self.number, report.number_choices),
                self._chip_of("Tag", "tag", str(report.selection.tag or ""), self._tags()),
                self._chip_of("Calls", "which", report.selection.which, list(WHICH.items())),
            ],
            "kept": self._parameters(),
            "export_url": f"{reverse('admin:reports_export')}?{urlencode(self._parameters())}",
            "filled": filled,
            "figures": self._figures(),
            "calls_chart": charts.draw("calls", "Calls", report.period, report.days, today, charts.of_calls),
            "others_chart": charts.draw(
                "others", "Texts and forms", report.period, report.days, today, charts.of_others, low=True
            )
            if total.texts or total.forms
            else None,
            "sources": self._lines("source", report.sources),
            "numbers": self._lines("number", report.numbers),
            "campaigns": (report.campaigns or [])[:LINES],
            "heat": draw_heat("Calls by weekday and hour", report.hours.calls),
            "outcomes": self._outcomes(),
            "said": self._said(),
            "most_calls": f"{MOST_CALLS:,}",
            "selection": report.selection,
            "most_selected": f"{selected.most_calls(report.selection):,}",
            "callers": [self._caller(one) for one in report.callers.callers],
            "source": self.source,
            "number": self.number,
            "of_source": next((line.name for line in report.source_choices if line.key == self.source), self.source),
        }

    def _parameters(self, **changed: str) -> dict[str, str]:
        every = {
            "company": self.company,
            **self.report.period.parameters(),
            "source": self.source,
            "number": self.number,
            "tag": str(self.report.selection.tag or ""),
            "which": self.report.selection.which,
            **changed,
        }
        return {name: value for name, value in every.items() if value}

    def _url(self, **changed: str) -> str:
        return f"?{urlencode(self._parameters(**changed))}"

    def _range(self, name: str, label: str) -> dict[str, Any]:
        period = "" if name == "month" else name
        return {
            "label": label,
            "url": self._url(period=period, since="", until=""),
            "current": self.report.period.name == name,
        }

    def _chip(self, title: str, name: str, chosen: str, lines: list[Line]) -> Chip:
        offered = [(line.key, f"{line.name} {line.detail}".strip()) for line in lines[:CHOICES]]
        if chosen and chosen not in dict(offered):
            offered.append((chosen, next((line.name for line in lines if line.key == chosen), "no longer there")))
        return self._chip_of(title, name, chosen, offered)

    def _tags(self) -> list[tuple[str, str]]:
        rows = Tag.objects.filter(company=self.of_company).order_by("name")
        offered = [(str(pk), name) for pk, name in rows.values_list("pk", "name")[:CHOICES]]
        chosen = self.report.selection.tag
        if chosen and str(chosen) not in dict(offered):
            found = rows.filter(pk=chosen).values_list("name", flat=True).first()
            offered.append((str(chosen), found or "no longer there"))
        return offered

    def _chip_of(self, title: str, name: str, chosen: str, offered: list[tuple[str, str]]) -> Chip:
        choices = [Choice(label, self._url(**{name: key}), key == chosen) for key, label in offered]
        return Chip(title, dict(offered).get(chosen, "") if chosen else "", self._url(**{name: ""}), choices)

    def _figures(self) -> list[dict[str, Any]]:
        now, before = self.report.total, self.report.before
        part = now.answered_part
        found = [
            {"label": "Calls", "value": f"{now.calls:,}", "change": words.change_of(now.calls, before.calls)},
            {
                "label": "Answered",
                "value": "–" if part is None else words.percent(part),
                "change": words.points(part, before.answered_part),
            },
            {
                "label": "First-time callers",
                "value": f"{now.first_time:,}",
                "change": words.change_of(now.first_time, before.first_time),
            },
            {"label": "Texts received", "value": f"{now.texts:,}", "change": words.change_of(now.texts, before.texts)},
            {"label": "Forms", "value": f"{now.forms:,}", "change": words.change_of(now.forms, before.forms)},
            {
                "label": "Good leads",
                "value": f"{now.good_leads:,}",
                "change": words.change_of(now.good_leads, before.good_leads),
            },
            {"label": "Value", "value": f"{now.value:,.0f}", "change": words.Change()},
        ]
        if not self.report.selection:
            return found
        # Of calls only, and compared where all were looked at.
        counted = {"Calls", "Answered", "Good leads", "Value"}
        found = [one for one in found if one["label"] in counted]
        return (
            found
            if self.report.whole and self.report.before_whole
            else [{**one, "change": words.Change()} for one in found]
        )

    def _lines(self, name: str, lines: list[Line]) -> dict[str, Any]:
        most = max((line.figures.calls for line in lines), default=0) or 1
        shown = [
            {
                "name": line.name,
                "detail": line.detail,
                "url": self._url(**{name: line.key}),
                "of": line.figures,
                "bar": kit_charts.draw_share(line.figures.calls / most),
                "answered": "–" if line.figures.answered_part is None else words.percent(line.figures.answered_part),
                "value": f"{line.figures.value:,.0f}" if line.figures.value else "–",
                "change": words.change_of(line.figures.calls, line.before),
            }
            for line in lines[:LINES]
        ]
        return {"lines": shown, "more": max(0, len(lines) - LINES)}

    def _outcomes(self) -> list[dict[str, Any]]:
        total = self.report.total
        numbers = (("Answered", total.answered), ("Missed", total.missed), ("Voicemail", total.voicemail),
                   ("Abandoned", total.abandoned))  # fmt: skip
        return [
            {
                "label": label,
                "number": f"{number:,}",
                "part": words.percent(number / total.calls) if total.calls else "–",
                "bar": kit_charts.draw_share(number / total.calls if total.calls else 0),
            }
            for label, number in numbers
        ]

    def _said(self) -> str:
        total, hours = self.report.total, self.report.hours
        text = words.when_people_call(hours.calls, hours.answered)
        if total.answered:
            waited = round(total.seconds_to_answer / total.answered)
            text = f"Calls are answered after {times.format_duration(waited)} on average. {text}"
        return text.strip()

    def _caller(self, one: Any) -> dict[str, Any]:
        number = formatted(one.person.phone)
        return {
            "name": one.name or number or str(one.person),
            "number": number if one.name else "",
            "url": reverse("admin:calls_person_change", args=[one.person.pk]),
            "calls": one.calls,
            "latest": words.day_tag(one.latest),
        }
