"""The home page: statistics, failing subscriptions, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from ..maintenance import copies, statistics
from ..maintenance.statistics import Statistics
from ..models import Company, EndpointHealth, EndpointIssue, Subscription
from ..tenancy.access import access_of
from . import backlog
from .company_home import page as company_page
from .day_statistics import format_percent
from .kit import charts, checklist, labels, times
from .kit.filters import is_id

DAY, WEEK = 24, 7 * 24  # hours
SERIES = (
    charts.Series("delivered", "f-1"),
    charts.Series("trying again", "f-warn"),
    charts.Series("failed", "f-bad"),
)
MAX_OFFERED = 50  # companies in the menu
MAX_NAMED = 3  # failing subscriptions among the next steps
LATE_SECONDS = 60  # show it if the oldest due webhook is older than this


def context(request: HttpRequest) -> dict[str, Any]:
    """The context of templates/admin/index.html; empty for a user without a company."""
    access = access_of(request)
    if not access.may_read_some():
        return {}
    offered, chosen, companies = _chosen(request)
    if (company := shown_company(request)) is not None:
        return {"home": company_page.context(request, company)}
    many = access.is_agency and chosen is None
    hours = statistics.read_for_companies(companies, hours=WEEK, latency_hours=DAY if many else None)
    now = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = {hour: one for hour, one in hours.items() if hour > now - timedelta(hours=DAY)}
    waits, unsent = backlog.measure(companies), backlog.count_unsent(companies)
    troubled = backlog.find_failing_endpoints(access.companies() if many else companies)
    may_write = access.all_companies or bool(set(companies or ()) & set(access.writable_company_ids()))
    return {
        "home": {
            "companies": offered,
            "chosen": chosen,
            "spans": [
                _span("24 hours", "24h", day, troubled),
                _span("7 days", "7d", hours, troubled, has_latency=not many),
            ],
            "waiting": waits.total_in_words,
            "late": times.format_duration(waits.latest) if waits.latest > LATE_SECONDS else "",
            "patience": times.format_duration(settings.ENDPOINT_TELL_SECONDS),
            "failed_now": unsent["failed"],
            "charts": [_by_hour(hours, now), _by_day(hours, now)],
            "troubled": [_trouble(row) for row in troubled],
            "next": _next(troubled, unsent) if may_write else [],
            "steps": _steps(companies) if may_write and not many else [],
            "several": access.several,
            "log": reverse("admin:subscriptions_delivery_changelist"),
            "with_company": f"&company={chosen}" if chosen else "",
        }
    }


def why_quiet(request: HttpRequest) -> str:
    """Why nothing is sent, where the database is a copy; for operators, who can change it."""
    return copies.explain() if access_of(request).all_companies else ""


def shown_company(request: HttpRequest) -> Company | None:
    """The company that the page is about; None where it is about several. Read once per request."""
    if not hasattr(request, "_home_company"):
        access, asked = access_of(request), request.GET.get("company", "")
        chosen = int(asked) if is_id(asked) and access.may_read(int(asked)) else None
        one = chosen if access.several else next(iter(access.roles), None)
        found = Company.objects.defer("signing_key").filter(pk=one).first() if one is not None else None
        request._home_company = found  # type: ignore[attr-defined]
    company: Company | None = request._home_company  # type: ignore[attr-defined]
    return company


def _chosen(request: HttpRequest) -> tuple[list[Company], int | None, Sequence[int] | None]:
    """The companies to choose from, the chosen one, and the ones to show (None: all)."""
    access = access_of(request)
    if not access.several:
        return [], None, list(access.roles)
    rows = access.limit(Company.objects.only("id", "name"), "pk").order_by("name", "pk")
    asked = request.GET.get("company", "")
    found = rows.filter(pk=int(asked)).first() if is_id(asked) else None
    everything = None if access.all_companies else list(access.roles)
    return list(rows[:MAX_OFFERED]), found and found.pk, [found.pk] if found else everything


def _span(
    label: str, since: str, hours: dict[datetime, Statistics], troubled: Sequence[Any], *, has_latency: bool = True
) -> dict[str, Any]:
    whole = statistics.sum_up(hours)
    success = whole.success
    if success is not None and troubled:
        success = min(success, 0.999)  # what is refused and tried again has not arrived
    return {
        "label": label,
        "since": since,
        "delivered": f"{whole.delivered:,}",
        "failed": f"{whole.failed:,}",
        "retried": f"{whole.retried:,}",
        "success": "–" if success is None else format_percent(success),
        "p95": _within_words(whole) if has_latency else "–",
        "tone": "" if success is None or success >= 0.99 else "warn" if success >= 0.9 else "bad",
    }


def _within_words(whole: Statistics) -> str:
    within = whole.within(0.95)
    return times.format_milliseconds(within) if within else "over an hour" if whole.delivered else "–"


def _by_hour(hours: dict[datetime, Statistics], now: datetime) -> dict[str, Any]:
    bars = []
    for back in range(DAY - 1, -1, -1):
        hour = now - timedelta(hours=back)
        local = timezone.localtime(hour)
        label = f"{local:%H}" if local.hour % 3 == 0 else ""
        title = f"{times.format_day(local)}, {local:%H:%M}"
        minor = local.hour % 6 != 0
        bars.append(charts.Bar(label, title, _parts(hours.get(hour, Statistics())), running=not back, minor=minor))
    return _chart("hours", "Deliveries each hour", bars)


def _by_day(hours: dict[datetime, Statistics], now: datetime) -> dict[str, Any]:
    today = timezone.localtime(now).date()
    days = {today - timedelta(days=back): Statistics() for back in range(6, -1, -1)}
    for hour, one in hours.items():
        date = timezone.localtime(hour).date()
        if date in days:
            days[date].add(one)
    bars = [
        charts.Bar(f"{date:%a}", f"{date:%a} {date.day} {date:%b}", _parts(one), running=date == today)
        for date, one in days.items()
    ]
    return _chart("days", "Deliveries each day", bars)


def _parts(one: Statistics) -> tuple[int, int, int]:
    return (one.delivered, one.retried, one.failed)


def _chart(name: str, title: str, bars: list[charts.Bar]) -> dict[str, Any]:
    return {
        "title": title,
        "picture": charts.draw_bars(f"chart-{name}", title, SERIES, bars),
        "legend": charts.draw_legend(SERIES, bars),
    }


def _trouble(row: EndpointHealth) -> dict[str, Any]:
    disabled = row.subscription.state == Subscription.State.DISABLED
    return {
        "subscription": row.subscription,
        "url": reverse("admin:subscriptions_subscription_change", args=[row.subscription_id]),
        "state": labels.badge("Disabled", "bad") if disabled else labels.badge("Failing", "bad"),
        "why": (row.subscription.state_reason or row.last_failure) if disabled else row.last_failure,
        "since": times.time_tag(row.subscription.state_changed_at if disabled else row.failing_since),
    }


def _next(troubled: list[EndpointHealth], unsent: dict[str, int]) -> list[dict[str, str]]:
    """The next steps for a user, most urgent first."""
    todo = []
    found = EndpointIssue.objects.filter(subscription__in=[row.pk for row in troubled], solved_at=None)
    known = {issue.subscription_id: issue for issue in found}
    troubled = [row for row in troubled if row.pk not in known or known[row.pk].acknowledged_at is None]
    for row in troubled[:MAX_NAMED]:
        subscription = row.subscription
        page = reverse("admin:subscriptions_subscription_change", args=[subscription.pk])
        if row.pk in known:
            page = reverse("admin:subscriptions_endpointissue_change", args=[known[row.pk].pk])
        if subscription.state == Subscription.State.DISABLED:
            text = f"“{subscription.name}” is disabled and new webhooks are held. Fix its server, then resume it."
        else:
            text = f"“{subscription.name}” refuses webhooks. Find out why, fix its server, then send a test."
        todo.append({"text": text, "url": page, "label": "Open"})
    if len(troubled) > MAX_NAMED:
        rest = (
            "1 more subscription is"
            if len(troubled) == MAX_NAMED + 1
            else f"{len(troubled) - MAX_NAMED} more subscriptions are"
        )
        log = reverse("admin:subscriptions_endpointissue_changelist")
        todo.append({"text": f"{rest} failing. See the list below.", "url": log, "label": "View all"})
    if unsent["failed"]:
        many = "1 webhook" if unsent["failed"] == 1 else f"{unsent['failed']:,} webhooks"
        again = reverse("admin:subscriptions_resendjob_add")
        them = "it" if unsent["failed"] == 1 else "them"
        todo.append({"text": f"{many} failed. You can send {them} again.", "url": again, "label": "Send many again…"})
    if unsent["held"] and not any(row.subscription.state == Subscription.State.DISABLED for row in troubled):
        many = "1 webhook is" if unsent["held"] == 1 else f"{unsent['held']:,} webhooks are"
        held = reverse("admin:subscriptions_delivery_changelist") + "?state=held&since=all"
        todo.append({"text": f"{many} held for paused subscriptions.", "url": held, "label": "View"})
    return todo


def _steps(companies: Sequence[int] | None) -> list[dict[str, Any]]:
    """The setup checklist; empty once a webhook was delivered, and for operators who view all companies."""
    if companies is None or checklist.is_finished(companies):
        return []
    steps = [
        {"label": one.label, "help": one.help, "done": one.done(companies), "url": reverse(f"admin:{one.page}")}
        for one in checklist.steps()
    ]
    last = "Receive your first webhook"
    help_text = "Once your server has accepted one, your statistics appear here instead of this list."
    log = reverse("admin:subscriptions_delivery_changelist")
    return [*steps, {"label": last, "help": help_text, "done": False, "url": log}]
