"""The home page: how are my webhooks doing, in one look, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from ..maintenance import statistics
from ..maintenance.statistics import Statistics
from ..models import Company, EndpointHealth, Subscription
from . import backlog
from .day_statistics import format_percent
from .kit import charts, checklist, labels, times
from .kit.access import access_of
from .kit.filters import is_id

DAY, WEEK = 24, 7 * 24  # hours
MAX_OFFERED = 200  # companies in the menu of somebody who reaches more than one
MAX_NAMED = 3  # servers in trouble, among what to do
LATE_SECONDS = 60  # a webhook that could have gone a minute ago is worth a word


def context(request: HttpRequest) -> dict[str, Any]:
    """What templates/admin/index.html shows; empty for somebody who reaches no company."""
    access = access_of(request)
    if not access.may_read_some():
        return {}
    offered, chosen, companies = _chosen(request)
    hours = statistics.read_for_companies(companies, hours=WEEK)
    now = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = {hour: one for hour, one in hours.items() if hour > now - timedelta(hours=DAY)}
    waits, unsent = backlog.measure(companies), backlog.count_unsent(companies)
    troubled = backlog.find_failing_endpoints(companies)
    may_write = access.all_companies or bool(set(companies or ()) & set(access.writable_company_ids()))
    return {
        "home": {
            "companies": offered,
            "chosen": chosen,
            "spans": [_span("24 hours", "24h", day), _span("7 days", "7d", hours)],
            "waiting": waits.total_in_words,
            "late": times.format_duration(waits.latest) if waits.latest > LATE_SECONDS else "",
            "patience": times.format_duration(settings.ENDPOINT_TELL_SECONDS),
            "failed_now": unsent["failed"],
            "charts": [_by_hour(hours, now), _by_day(hours, now)],
            "troubled": [_trouble(row) for row in troubled],
            "next": _next(troubled, unsent, may_write),
            "steps": _steps(companies) if may_write else [],
            "several": access.several,
            "log": reverse("admin:subscriptions_delivery_changelist"),
            "with_company": f"&company={chosen}" if chosen else "",
        }
    }


def _chosen(request: HttpRequest) -> tuple[list[Company], int | None, Sequence[int] | None]:
    """The companies to choose from, the one that was chosen, and those to look at (None: all there are)."""
    access = access_of(request)
    if not access.several:
        return [], None, list(access.roles)
    rows = access.limit(Company.objects.only("id", "name"), "pk").order_by("name", "pk")
    asked = request.GET.get("company", "")
    found = rows.filter(pk=int(asked)).first() if is_id(asked) else None
    everything = None if access.all_companies else list(access.roles)
    return list(rows[:MAX_OFFERED]), found and found.pk, [found.pk] if found else everything


def _span(label: str, since: str, hours: dict[datetime, Statistics]) -> dict[str, Any]:
    whole = statistics.sum_up(hours)
    success = whole.success
    within = whole.within(0.95)
    return {
        "label": label,
        "since": since,
        "delivered": f"{whole.delivered:,}",
        "failed": f"{whole.failed:,}",
        "retried": f"{whole.retried:,}",
        "success": "–" if success is None else format_percent(success),
        "p95": times.format_milliseconds(within) if within else "–" if not whole.delivered else "over an hour",
        "tone": "" if success is None or success >= 0.99 else "warn" if success >= 0.9 else "bad",
    }


def _by_hour(hours: dict[datetime, Statistics], now: datetime) -> Any:
    bars = []
    for back in range(DAY - 1, -1, -1):
        hour = now - timedelta(hours=back)
        local = timezone.localtime(hour)
        label = f"{local:%H}" if local.hour % 3 == 0 else ""
        bars.append(charts.Bar(label, f"{times.format_day(local)}, {local:%H:%M}", hours.get(hour, Statistics())))
    return charts.draw_stacked_bars("chart-hours", "Each hour of the last 24", bars)


def _by_day(hours: dict[datetime, Statistics], now: datetime) -> Any:
    today = timezone.localtime(now).date()
    days = {today - timedelta(days=back): Statistics() for back in range(6, -1, -1)}
    for hour, one in hours.items():
        date = timezone.localtime(hour).date()
        if date in days:
            days[date].add(one)
    bars = [charts.Bar(f"{date:%a}", f"{date:%a} {date.day} {date:%b}", one) for date, one in days.items()]
    return charts.draw_stacked_bars("chart-days", "Each of the last 7 days", bars)


def _trouble(row: EndpointHealth) -> dict[str, Any]:
    disabled = row.subscription.state == Subscription.State.DISABLED
    return {
        "subscription": row.subscription,
        "url": reverse("admin:subscriptions_subscription_change", args=[row.subscription_id]),
        "state": labels.badge("Switched off", "bad") if disabled else labels.badge("Failing", "bad"),
        "why": (row.subscription.state_reason or row.last_failure) if disabled else row.last_failure,
        "since": times.time_tag(row.subscription.state_changed_at if disabled else row.failing_since),
    }


def _next(troubled: list[EndpointHealth], unsent: dict[str, int], may_write: bool) -> list[dict[str, str]]:
    """What a person can do now, the most pressing first."""
    if not may_write:
        return []
    todo = []
    for row in troubled[:MAX_NAMED]:
        subscription = row.subscription
        page = reverse("admin:subscriptions_subscription_change", args=[subscription.pk])
        if subscription.state == Subscription.State.DISABLED:
            said = f"“{subscription.name}” was switched off. Mend its server, then resume it: what came since is held."
        else:
            said = f"“{subscription.name}” does not take webhooks. See why, and send a test when it is mended."
        todo.append({"text": said, "url": page, "label": "Open it"})
    if len(troubled) > MAX_NAMED:
        rest = (
            "Another server is" if len(troubled) == MAX_NAMED + 1 else f"{len(troubled) - MAX_NAMED} more servers are"
        )
        log = reverse("admin:subscriptions_subscription_changelist")
        todo.append({"text": f"{rest} in trouble: see the list below.", "url": log, "label": "See all"})
    if unsent["failed"]:
        many = "1 webhook was" if unsent["failed"] == 1 else f"{unsent['failed']:,} webhooks were"
        again = reverse("admin:subscriptions_resendjob_add")
        can = "It can" if unsent["failed"] == 1 else "They can"
        todo.append({"text": f"{many} given up. {can} be sent again.", "url": again, "label": "Send many again…"})
    if unsent["held"] and not any(row.subscription.state == Subscription.State.DISABLED for row in troubled):
        many = "1 webhook is" if unsent["held"] == 1 else f"{unsent['held']:,} webhooks are"
        held = reverse("admin:subscriptions_delivery_changelist") + "?state=held&since=all"
        todo.append({"text": f"{many} held for subscriptions that are paused.", "url": held, "label": "See them"})
    return todo


def _steps(companies: Sequence[int] | None) -> list[dict[str, Any]]:
    """None once a webhook arrived; and none for an operator who looks at all companies."""
    if companies is None or checklist.is_finished(companies):
        return []
    steps = [
        {"label": one.label, "help": one.help, "done": one.done(companies), "url": reverse(f"admin:{one.page}")}
        for one in checklist.steps()
    ]
    last = "See the first webhook arrive"
    told = "As soon as your server has taken one, this list makes room for your figures."
    log = reverse("admin:subscriptions_delivery_changelist")
    return [*steps, {"label": last, "help": told, "done": False, "url": log}]
