"""The card at the top of a subscription's page: whether it delivers, when it last did, and what waits."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from ..maintenance import statistics
from ..models import Delivery, Subscription
from . import backlog
from .company_home import charts
from .day_statistics import HOURS
from .kit import labels, times

State = Subscription.State


def day_context(obj: Subscription) -> dict[str, Any]:
    hours = statistics.read_for_subscriptions([obj.pk], hours=HOURS).get(obj.pk, {})
    whole = statistics.sum_up(hours)
    health = getattr(obj, "health", None)
    held = obj.state != State.ACTIVE
    waiting = _count_held(obj) if held else backlog.count_waiting([obj.pk]).get(obj.pk, 0)
    refused = waiting if health is not None and health.failing_since is not None and not held else 0
    over = whole.delivered + whole.failed + refused
    typical = whole.within(0.5)
    log = reverse("admin:subscriptions_delivery_changelist") + f"?subscription={obj.pk}"
    return {
        "arrived": f"{whole.delivered:,}",
        "of": f"of {over:,}" if over > whole.delivered else "",
        "arrived_url": f"{log}&state=delivered",
        "waiting_label": "Held" if held else "Waiting",
        "waiting": backlog.format_count(waiting),
        "waiting_url": f"{log}&since=all&state={'held' if held else 'pending'}" if waiting else "",
        "accepted": _capital(times.say_moment(health.last_success_at)) if health is not None else "",
        "failed": times.time_tag(health.last_failure_at) if health is not None else "",
        "why": labels.answer_in_words(health.last_failure) if health is not None else "",
        "typical": times.format_milliseconds(typical) if typical else "–",
        "tried": health is not None,
        "chart": charts.draw_deliveries(hours, "24h") if hours else None,
    }


def _count_held(obj: Subscription) -> int:
    rows = Delivery.objects.filter(subscription=obj, state=Delivery.State.HELD)
    return rows[: backlog.COUNT_LIMIT + 1].count()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
