"""What the home page of a company has of reports: today's calls, texts and forms, and who waits for an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from subscriptions.admin.kit import charts as kit_charts
from subscriptions.admin.kit.home_parts import Part, Todo, add_part
from subscriptions.models import Company
from subscriptions.tenancy.access import access_of

from . import charts, figures, words
from .figures import Scope
from .report import source_name

SOURCES = 6
OFFICE_HOURS = range(8, 18)  # shown even if nobody calls then
LEAST_HOURS = 8  # shown
LOW = 150  # pixels
MOST_OPEN = 200  # calls and forms looked at for an answer
OPEN_DAYS = 2  # of forms: older ones are hardly waiting any more

# Until this minute a week ago, by the indexes that lists read.
_A_WEEK_AGO = """
SELECT (SELECT count(*) FROM calls_call WHERE company_id = %(company)s AND NOT spam AND direction = 'inbound'
           AND start_time >= %(start)s AND start_time < %(end)s),
       (SELECT count(*) FROM messaging_textmessage WHERE company_id = %(company)s AND direction = 'inbound'
           AND sent_at >= %(start)s AND sent_at < %(end)s),
       (SELECT count(*) FROM forms_intake_formsubmission WHERE company_id = %(company)s
           AND submitted_at >= %(start)s AND submitted_at < %(end)s)
"""
# Somebody spoke with them since; for forms, or wrote to them.
_CALLED = """
EXISTS (SELECT FROM calls_call e WHERE e.person_id = one.person_id AND e.start_time > one.at
           AND (e.direction = 'outbound' OR e.answered_at IS NOT NULL AND NOT e.voicemail))
"""
_WRITTEN = """
EXISTS (SELECT FROM messaging_thread t JOIN messaging_textmessage m ON m.thread_id = t.id
            WHERE t.person_id = one.person_id AND m.sent_at > one.at AND m.direction = 'outbound')
"""
_OPEN = f"""
SELECT count(DISTINCT one.person_id) FROM ({{things}} LIMIT {MOST_OPEN}) AS one
 WHERE one.person_id IS NOT NULL AND NOT {_CALLED} {{more}}
"""
_OPEN_CALLS = _OPEN.format(
    things="""
SELECT person_id, start_time AS at FROM calls_call
 WHERE company_id = %(company)s AND NOT spam AND direction = 'inbound' AND start_time >= %(start)s
   AND ended_at IS NOT NULL AND (answered_at IS NULL OR voicemail)
 ORDER BY start_time DESC, id DESC""",
    more="",
)
_OPEN_FORMS = _OPEN.format(
    things="""
SELECT person_id, submitted_at AS at FROM forms_intake_formsubmission
 WHERE company_id = %(company)s AND submitted_at >= %(start)s ORDER BY submitted_at DESC, id DESC""",
    more=f"AND NOT {_WRITTEN}",
)


def context(request: HttpRequest, company: Company) -> dict[str, Any]:
    zone, now = ZoneInfo(company.time_zone), timezone.now()
    today = now.astimezone(zone).date()
    scope = Scope(company.pk)
    total = figures.sum_up(figures.read_days(scope, today, today).values())
    hours = figures.read_hours(scope, today, today)
    calls, texts, forms = _a_week_ago(company, now, zone)
    weekday = today.weekday()
    kept = {"company": str(company.pk)} if access_of(request).several else {}
    return {
        "total": total,
        "against": f"against last {today:%A} until {now.astimezone(zone):%H:%M}",
        "missed": total.calls - total.answered,
        "answered_part": "" if total.answered_part is None else words.percent(total.answered_part),
        "calls_change": _difference(total.calls, calls),
        "texts_change": _difference(total.texts, texts),
        "forms_change": _difference(total.forms, forms),
        "chart": _by_hour(hours.calls[weekday], hours.answered[weekday], now.astimezone(zone)) if total.calls else None,
        "sources": _by_source(scope, today, kept),
        "reports": f"{reverse('admin:reports')}?{urlencode(kept)}",
        "activity": f"{reverse('admin:activity')}?{urlencode(kept)}",
    }


def _difference(now: int, before: int) -> str:
    """With a sign; nothing where it is the same."""
    return "" if now == before else f"+{now - before:,}" if now > before else f"{words.MINUS}{before - now:,}"


def _a_week_ago(company: Company, now: datetime, zone: ZoneInfo) -> tuple[int, int, int]:
    day = now.astimezone(zone).date() - timedelta(days=7)
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    given: dict[str, Any] = {"company": company.pk, "start": start, "end": now - timedelta(days=7)}
    with connection.cursor() as cursor:
        cursor.execute(_A_WEEK_AGO, given)
        calls, texts, forms = cursor.fetchone()
    return calls, texts, forms


def _by_hour(calls: list[int], answered: list[int], now: datetime) -> dict[str, Any]:
    used = [hour for hour, number in enumerate(calls) if number]
    hours = range(min([*used, OFFICE_HOURS[0]]), max([*used, min(now.hour, OFFICE_HOURS[-1])]) + 1)
    if len(hours) < LEAST_HOURS:  # early in the day a bar would be as wide as the card
        hours = range(min(hours[0], 24 - LEAST_HOURS), min(hours[0], 24 - LEAST_HOURS) + LEAST_HOURS)
    bars = [
        kit_charts.Bar(
            f"{hour:02}", f"{hour:02}:00", (answered[hour], calls[hour] - answered[hour]), running=hour == now.hour,
            minor=bool((hour - hours[0]) % 2) and len(hours) > 8,
        )
        for hour in hours
    ]  # fmt: skip
    return {
        "picture": kit_charts.draw_bars("chart-today", "Calls each hour today", charts.CALLS, bars, height=LOW),
        "legend": kit_charts.draw_legend(charts.CALLS, bars),
    }


def _by_source(scope: Scope, today: Any, kept: dict[str, str]) -> list[dict[str, Any]]:
    calls: dict[str, int] = {}
    names: dict[str, str] = {}
    for pair in figures.read_pairs(scope, today, today):
        key = figures.slug_of(pair.source)
        calls[key] = calls.get(key, 0) + pair.figures.calls
        names.setdefault(key, source_name(pair.source))
    found = sorted(((number, key) for key, number in calls.items() if number), key=lambda one: (-one[0], one[1]))
    whole = sum(number for number, _ in found)
    return [
        {
            "name": names[key],
            "url": f"{reverse('admin:reports')}?{urlencode({**kept, 'source': key})}",
            "calls": f"{number:,}",
            "part": words.percent(number / whole),
            "bar": kit_charts.draw_share(number / found[0][0]),
        }
        for number, key in found[:SOURCES]
    ]


def list_todos(request: HttpRequest, company: Company) -> list[Todo]:
    today = timezone.now().astimezone(ZoneInfo(company.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    kept = {"company": str(company.pk)} if access_of(request).several else {}
    found = []
    if calls := _count_open(_OPEN_CALLS, company, today):
        asked = {"kind": "call", "outcome": "to_call_back", "from": f"{today:%Y-%m-%d}", **kept}
        url = f"{reverse('admin:activity')}?{urlencode(asked)}"
        whom = "one person" if calls == 1 else f"{calls} people"
        found.append(Todo("phone-missed", f"Call {whom} back", "Missed today, and nobody has called yet.", url))
    since = today - timedelta(days=OPEN_DAYS - 1)
    if forms := _count_open(_OPEN_FORMS, company, since):
        asked = {"kind": "form", "from": f"{since:%Y-%m-%d}", **kept}
        url = f"{reverse('admin:activity')}?{urlencode(asked)}"
        title = "Answer one form" if forms == 1 else f"Answer {forms} forms"
        found.append(Todo("clipboard-list", title, "Since yesterday. Nobody has called or texted them yet.", url))
    return found


def _count_open(query: str, company: Company, start: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, {"company": company.pk, "start": start})
        return int(cursor.fetchone()[0])


def install() -> None:
    add_part(Part("admin/reports/today.html", context, list_todos))
