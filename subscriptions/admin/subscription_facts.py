"""Read-only fields of subscriptions: columns of the list, and facts on the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from ..delivery.retry import SCHEDULES, most_attempts
from ..events import catalogue, versions
from ..events.shapes import words
from ..models import Delivery, EndpointHealth, Subscription
from . import credentials, day_statistics, issue_page
from .filter_form import sentence_of
from .kit import labels, times
from .subscription_day import day_context

State = Subscription.State
TONES = {State.ACTIVE: "good", State.PAUSED: "quiet", State.DISABLED: "bad", State.ARCHIVED: "quiet"}


class SubscriptionFacts:
    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="server")
    def host(self, obj: Subscription) -> str:
        return urlsplit(obj.url).netloc.rpartition("@")[2]

    @admin.display(description="events")
    def events_in_short(self, obj: Any) -> str:
        every = {event_type.name for event_type in catalogue.main_types()} == set(obj.events)
        events = "All" if every else ", ".join(catalogue.label(name) for name in obj.events)
        return format_html("{}<small>{}</small>", events, obj.filter) if obj.filter else events

    @admin.display(description="events")
    def events_in_words(self, obj: Subscription) -> str:
        return format_html_join("", "<div>{}</div>", ((catalogue.label(name),) for name in obj.events))

    @admin.display(description="state", ordering="state")
    def state_badge(self, obj: Subscription) -> str:
        if _failing(obj):
            return labels.badge("Failing", "bad")
        word = "Healthy" if obj.state == State.ACTIVE else obj.get_state_display()
        return labels.badge(word, TONES[State(obj.state)])

    @admin.display(description="last webhook")
    def last_delivery(self, obj: Any) -> str:
        if not obj.last:
            return "None yet"
        last = Delivery(**obj.last)
        return format_html(
            "{} {}", labels.badge(labels.state_label(last), labels.state_tone(last)), labels.outcome_label(last)
        )

    @admin.display(description="last 24 hours")
    def day(self, obj: Any) -> Any:
        return day_statistics.render_day(obj.day, refuses=_refuses(obj), waiting=obj.waiting)

    # --- the head of its page -------------------------------------------------------------------------------------
    def head_facts(self, obj: Subscription) -> dict[str, Any]:
        """Its state and server, and what is wrong with it, for the template."""
        health, issue = _health(obj), issue_page.open_issue(obj)
        since = issue.opened_at if issue is not None else health.failing_since if health is not None else None
        return {
            "first_card": "admin/subscriptions/subscription/day.html",
            "day": day_context(obj),
            "state": self.state_badge(obj),
            "host": self.host(obj),
            "failing": _failing(obj),
            "why": labels.answer_in_words(health.last_failure).rstrip(".") if health is not None else "",
            "since": times.time_tag(since),
            "issue": issue,
            "issues": issue_page.past_rows(obj.pk),
            "log_url": reverse("admin:subscriptions_delivery_changelist") + f"?subscription={obj.pk}&since=all",
            "secret_url": reverse("admin:subscriptions_subscription_verify", args=[obj.pk]),
        }

    # --- the page -------------------------------------------------------------------------------------------------
    @admin.display(description="which calls")
    def filter_in_words(self, obj: Subscription) -> str:
        shown = sentence_of(obj) or "All calls."
        default = obj.conditions is None and obj.company.default_conditions is not None
        return f"{shown} So says the company's default filter." if default else shown

    @admin.display(description="state")
    def state_in_words(self, obj: Subscription) -> str:
        since = format_html(", since {}", times.time_tag(obj.state_changed_at)) if obj.state != State.ACTIVE else ""
        reason = f" {obj.state_reason}" if obj.state_reason else ""
        return format_html("{}{}{}", self.state_badge(obj), since, reason)

    @admin.display(description="webhooks")
    def deliveries(self, obj: Any) -> str:
        log = reverse("admin:subscriptions_delivery_changelist") + f"?subscription={obj.pk}"
        links = [
            (log, "Last 24 hours"),
            (f"{log}&since=all", "All"),
            (f"{log}&since=all&state=failed", "Failed"),
            (f"{log}&since=all&state=held", "Held"),
            (f"{log}&since=all&state=filtered", "Filtered out"),
            (reverse("admin:subscriptions_resendjob_add") + f"?subscription={obj.pk}", "Send many again…"),
        ]
        return format_html(
            '{}<ul class="links">{}</ul>',
            self.last_delivery(obj),
            format_html_join("", '<li><a href="{}">{}</a></li>', links),
        )

    @admin.display(description="signing secret")
    def secret_masked(self, obj: Subscription) -> str:
        text = format_html("<code>{}</code>", "whsec_••••••••")
        if obj.previous_secret and len(obj.secrets) > 1:
            until = times.time_tag(obj.previous_secret_until)
            return format_html("{} The previous secret also signs until {}.", text, until)
        return text

    @admin.display(description="verification code")
    def verification(self, obj: Subscription) -> str:
        url = reverse("admin:subscriptions_subscription_verify", args=[obj.pk])
        return format_html('<a href="{}">For Python, Node, PHP and Ruby</a>', url)

    @admin.display(description="manifests")
    def manifests(self, obj: Subscription) -> str:
        url = reverse("admin:subscriptions_subscription_manifests", args=[obj.pk])
        return format_html('<a href="{}">What it was to get, by day</a>', url)

    @admin.display(description="when it fails")
    def retries(self, obj: Subscription) -> str:
        waits = ", ".join(times.format_duration(seconds) for seconds in SCHEDULES[obj.retry_policy])
        tries = f"Retried about {waits} after each failure: {most_attempts(obj.retry_policy)} attempts in total."
        refused = "" if obj.retry_refusals else " A refusal (4xx) is not tried again."
        return f"{tries}{refused} After that it has failed, and you can send it again."

    @admin.display(description="payload version")
    def version_in_words(self, obj: Subscription) -> str:
        version = versions.get(obj.payload_version)
        return format_html("{}<br><small>{}</small>", version.label, version.about)

    @admin.display(description="body and format")
    def shape_in_words(self, obj: Subscription) -> str:
        return words.sentence(obj.shape)

    @admin.display(description="login and headers")
    def credentials_in_words(self, obj: Subscription) -> str:
        return credentials.describe(obj.credentials)

    @admin.display(description="created")
    def created(self, obj: Subscription) -> str:
        return times.time_tag(obj.created_at)


def _health(obj: Subscription) -> EndpointHealth | None:
    return getattr(obj, "health", None)


def _refuses(obj: Subscription) -> bool:
    health = _health(obj)
    return health is not None and health.failing_since is not None


def _failing(obj: Subscription) -> bool:
    """Whether it has only failed for ENDPOINT_TELL_SECONDS."""
    health = _health(obj)
    if health is None or health.failing_since is None or obj.state != State.ACTIVE:
        return False
    return timezone.now() - health.failing_since > timedelta(seconds=settings.ENDPOINT_TELL_SECONDS)
