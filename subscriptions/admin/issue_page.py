"""What is said of an issue, in its list and on its page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.urls import reverse
from django.utils.html import format_html

from ..endpoints import issues
from ..models import Attempt, Delivery, EndpointIssue, Event, Subscription
from . import advice
from .kit import labels, subjects, times

MOST_PAST = 10
MOST_READ = 1_000  # webhooks of which the people are counted
NEWEST = 20  # deliveries among which the last answer is looked for
TONES = {"open": "bad", "acknowledged": "warn", "solved": "good"}
_FACES = {"bad": "triangle-alert", "warn": "eye", "good": "circle-check"}


def badge(issue: EndpointIssue) -> str:
    return labels.badge(issue.state.capitalize(), TONES[issue.state])


def answer_of(issue: EndpointIssue) -> str:
    return labels.answer_in_words(issues.last_answer(issue)) or "–"


def format_count(count: int, *, most: int) -> str:
    return f"{count:,}" if count <= most else f"more than {most:,}"


def context(site: AdminSite, issue: EndpointIssue) -> dict[str, Any]:
    subscription = issue.subscription
    affected = issues.count_affected([issue])[issue.pk]
    newest = _last_refusal(issue)
    tone = TONES[issue.state]
    log = reverse("admin:subscriptions_delivery_changelist") + f"?subscription={subscription.pk}&since=all"
    return {
        "title": f"Issue of {subscription.name}",
        "subtitle": None,
        "state": badge(issue),
        "tone": tone,
        "face": _FACES[tone],
        "say": _say(issue),
        "answer": labels.attempt_label(newest) if newest else answer_of(issue),
        "answer_url": reverse("admin:subscriptions_delivery_change", args=[newest.delivery_id]) if newest else "",
        "advice": advice.find_advice(newest.status_code, newest.error) if newest and not issue.solved_at else "",
        "next": _next(issue),
        "affected": format_count(affected, most=issues.MOST_AFFECTED),
        "people": _count_people(site, issue),
        "opened": times.time_tag(issue.opened_at),
        "lasted": times.format_duration((issue.solved_at - issue.opened_at).total_seconds()) if issue.solved_at else "",
        "acknowledged": times.time_tag(issue.acknowledged_at),
        "solved": times.time_tag(issue.solved_at),
        "solved_how": _solved_how(issue),
        "log_url": log,
        "past": past_rows(subscription.pk, but=issue.pk),
        "save_is_second": issue.state == "open",  # the first thing to do is to acknowledge it
    }


def _say(issue: EndpointIssue) -> str:
    name, since = issue.subscription.name, times.time_tag(issue.opened_at)
    if issue.solved_at is not None:
        return format_html("Solved. “{}” accepted nothing from {} to {}.", name, since, times.time_tag(issue.solved_at))
    if issue.subscription.state == Subscription.State.DISABLED:
        return format_html("“{}” has refused everything since {}, and is disabled.", name, since)
    if issue.subscription.state == Subscription.State.PAUSED:
        return format_html("“{}” has refused everything since {}, and is paused.", name, since)
    return format_html("“{}” has refused everything since {}.", name, since)


def _next(issue: EndpointIssue) -> str:
    """What becomes of the webhooks."""
    if issue.solved_at is not None:
        return _solved_how(issue)
    state = issue.subscription.state
    if state == Subscription.State.ACTIVE:
        return "What waits is tried again by itself, each webhook for about three days."
    if state == Subscription.State.DISABLED:
        return f"{issue.subscription.state_reason} New webhooks are held until you resume it.".strip()
    return "New webhooks are held until you resume it."


def _solved_how(issue: EndpointIssue) -> str:
    if not issue.solved_at:
        return ""
    if issue.solved_how == EndpointIssue.Solved.PERSON:
        return f"{issue.solved_name} marked it as solved."
    return f"{EndpointIssue.Solved(issue.solved_how).label}."


def _last_refusal(issue: EndpointIssue) -> Attempt | None:
    """The newest attempt that failed, among those of the newest webhooks of that time."""
    rows = _made_meanwhile(issue).order_by("-created_at", "-pk").values_list("pk", flat=True)[:NEWEST]
    failed = Attempt.objects.filter(delivery__in=list(rows), outcome=Attempt.Outcome.FAILED)
    return failed.defer("response_body", "request_headers", "response_headers").order_by("-started_at").first()


def _count_people(site: AdminSite, issue: EndpointIssue) -> str:
    """Whose calls, texts and forms it is about; of the newest webhooks, if they are many."""
    rows = _made_meanwhile(issue).exclude(state=Delivery.State.CANCELLED).order_by("-created_at", "-pk")
    ids = list(rows.values_list("event", flat=True)[: MOST_READ + 1])
    read = Event.objects.filter(pk__in=ids[:MOST_READ], test=False)
    people = subjects.count_people(site, set(read.values_list("subject_id", flat=True)))
    if len(ids) > MOST_READ:
        return f"more than {people:,}" if people else "–"
    return f"{people:,}"


def _made_meanwhile(issue: EndpointIssue) -> Any:
    began = issue.opened_at - issues.LATE
    rows = Delivery.objects.filter(subscription=issue.subscription_id, created_at__gte=began)
    return rows.filter(created_at__lte=issue.solved_at) if issue.solved_at else rows


def past_rows(subscription: int, *, but: int = 0) -> list[dict[str, Any]]:
    """The newest other issues of a subscription."""
    others = EndpointIssue.objects.filter(subscription=subscription).exclude(pk=but)
    rows = list(others.order_by("-opened_at")[:MOST_PAST])
    return [
        {
            "url": reverse("admin:subscriptions_endpointissue_change", args=[row.pk]),
            "opened": times.time_tag(row.opened_at),
            "state": badge(row),
            "lasted": times.format_duration((row.solved_at - row.opened_at).total_seconds()) if row.solved_at else "",
            "answer": labels.answer_in_words(row.answer),
            "affected": format_count(row.affected, most=issues.MOST_AFFECTED) if row.solved_at else "",
        }
        for row in rows
    ]


def open_issue(subscription: Subscription) -> EndpointIssue | None:
    return EndpointIssue.objects.filter(subscription=subscription.pk, solved_at=None).first()
