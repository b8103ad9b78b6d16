"""Subscriptions: where a company's webhooks go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from .. import catalogue, operations
from ..models import Delivery, EndpointHealth, Subscription
from ..models.subscription import ROTATION_OVERLAP
from . import credentials, words
from .buttons import ButtonsAdmin, button
from .filters import DefaultingFilter
from .forms import CheckboxesField
from .logs import MOST_COUNTED

State = Subscription.State
TONES = {State.ACTIVE: "good", State.PAUSED: "warn", State.DISABLED: "bad", State.ARCHIVED: "quiet"}


def event_choices() -> list[tuple[str, SafeString]]:
    return [
        (event_type.name, format_html("<b>{}</b> <span>{}</span>", event_type.label, event_type.fires))
        for event_type in catalogue.all_types()
    ]


class SubscriptionForm(credentials.CredentialsForm):
    events = CheckboxesField(choices=event_choices, help_text="What to send.")


class StateFilter(DefaultingFilter):
    title = "state"
    parameter_name = "state"
    choices_in_words = (
        ("used", "In use"),
        ("active", "Active"),
        ("paused", "Paused"),
        ("disabled", "Disabled"),
        ("archived", "Removed"),
        ("all", "All"),
    )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen == "used":
            return queryset.exclude(state=State.ARCHIVED)
        return queryset if chosen == "all" else queryset.filter(state=chosen)


@admin.register(Subscription)
class SubscriptionAdmin(ButtonsAdmin):
    form = SubscriptionForm
    member_rights = operator_rights = frozenset({"view", "add", "change", "delete"})
    menu, menu_order = "Webhooks", 10
    related = ("health",)
    deferred = ("secret", "previous_secret")
    list_display = ("name", "host", "events_in_short", "state_badge", "last_delivery")
    list_filter = (StateFilter,)
    search_fields = ("name__icontains", "url__icontains")
    search_help_text = "Name or URL"
    readonly_fields = (
        "events_in_words",
        "state_in_words",
        "answers",
        "secret_masked",
        "credentials_in_words",
        "deliveries",
        "resource_id",
        "created",
    )
    buttons = ("pause", "resume", "reveal_secret", "rotate_secret")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(last=_last_delivery())

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        how = ("How to send", {"fields": ["ordered", "rate_per_minute"], "classes": ("collapse",)})
        editable = obj is None or self.has_change_permission(request, obj)
        asked = credentials.FIELDS if editable else ["credentials_in_words"]
        login = ("What your server asks for", {"fields": asked, "classes": ("collapse",)})
        fieldsets = [*super().get_fieldsets(request, obj), how, login]
        if obj is None:
            return fieldsets
        return [
            *fieldsets,
            ("How it goes", {"fields": ["state_in_words", "answers", "deliveries"]}),
            ("For the receiver", {"fields": ["secret_masked", "resource_id", "created"]}),
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        editable = obj is None or self.has_change_permission(request, obj)
        return ["name", "url", "events" if editable else "events_in_words"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _removed(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _removed(obj) and super().has_delete_permission(request, obj)

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="server")
    def host(self, obj: Subscription) -> str:
        return urlsplit(obj.url).netloc.rpartition("@")[2]

    @admin.display(description="events")
    def events_in_short(self, obj: Subscription) -> str:
        if len(obj.events) == len(catalogue.all_types()):
            return "All"
        return ", ".join(catalogue.label(name) for name in obj.events)

    @admin.display(description="events")
    def events_in_words(self, obj: Subscription) -> str:
        return format_html_join("", "<div>{}</div>", ((catalogue.label(name),) for name in obj.events))

    @admin.display(description="state", ordering="state")
    def state_badge(self, obj: Subscription) -> str:
        badge = words.badge(obj.get_state_display(), TONES[State(obj.state)])
        return format_html("{} {}", badge, words.badge("Failing", "bad")) if _failing(obj) else badge

    @admin.display(description="last webhook")
    def last_delivery(self, obj: Any) -> str:
        if not obj.last:
            return "None yet"
        last = Delivery(**obj.last)
        return format_html("{} {}", words.badge(words.state(last), words.tone(last)), words.what_happened(last))

    # --- the page -------------------------------------------------------------------------------------------------
    @admin.display(description="state")
    def state_in_words(self, obj: Subscription) -> str:
        since = format_html(", since {}", words.when(obj.state_changed_at)) if obj.state != State.ACTIVE else ""
        reason = f" {obj.state_reason}" if obj.state_reason else ""
        return format_html("{}{}{}", self.state_badge(obj), since, reason)

    @admin.display(description="its server")
    def answers(self, obj: Subscription) -> str:
        health = _health(obj)
        if health is None:
            return "Nothing was sent to it yet."
        good = format_html("<div>Accepted last: {}</div>", words.when(health.last_success_at) or "never")
        if health.last_failure_at is None:
            return good
        bad = format_html("<div>Failed last: {}. {}</div>", words.when(health.last_failure_at), health.last_failure)
        return format_html("{}{}", good, bad)

    @admin.display(description="webhooks")
    def deliveries(self, obj: Any) -> str:
        log = reverse("admin:subscriptions_delivery_changelist") + f"?subscription={obj.pk}"
        links = [
            (log, "Last 24 hours"),
            (f"{log}&since=all", "All"),
            (f"{log}&since=all&state=failed", "Failed"),
            (f"{log}&since=all&state=held", "Held"),
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
            until = words.when(obj.previous_secret_until)
            return format_html("{} The one before it signs too until {}.", text, until)
        return text

    @admin.display(description="besides the signatures")
    def credentials_in_words(self, obj: Subscription) -> str:
        return credentials.in_words(obj.credentials)

    @admin.display(description="made")
    def created(self, obj: Subscription) -> str:
        return words.when(obj.created_at)

    # --- buttons --------------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        if _removed(obj):
            return ()
        return ("pause" if obj.state == State.ACTIVE else "resume", "reveal_secret", "rotate_secret")

    @button("Pause")
    def pause(self, request: HttpRequest, obj: Subscription) -> None:
        if obj.state != State.ACTIVE:
            return
        operations.pause(obj)
        self.log_change(request, obj, "Paused.")
        self.message_user(request, "Paused. Nothing is sent now; what happens meanwhile is held.", messages.SUCCESS)

    @button("Resume…", asks=True)
    def resume(self, request: HttpRequest, obj: Subscription) -> HttpResponse | None:
        held = Delivery.objects.filter(subscription=obj, state=Delivery.State.HELD)[: MOST_COUNTED + 1].count()
        choice = request.POST.get("held")
        if request.method != "POST" or (held and choice not in ("send", "drop")):
            return self.ask(request, obj, "resume.html", {"held": held, "most": MOST_COUNTED})
        try:
            count = operations.resume(obj, send_held=choice != "drop")
        except operations.NotPossible as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        told = "" if not count else f" {count} held {'are sent' if choice == 'send' else 'were dropped'}."
        if obj.resuming:
            told += " It becomes active in a moment, when the last of what was waiting is dropped."
        self.log_change(request, obj, f"Resumed.{told}")
        self.message_user(request, f"Resumed.{told}", messages.SUCCESS)
        return None

    @button("Show secret")
    def reveal_secret(self, request: HttpRequest, obj: Subscription) -> HttpResponse:
        self.log_change(request, obj, "Looked at the signing secret.")
        return self.ask(
            request,
            obj,
            "secret.html",
            {
                "what": "Signing secret",
                "secret": obj.secret,
                "previous": obj.secrets[1:],
                "until": words.when(obj.previous_secret_until),
                "help": "It signs the webhook-signature header of every webhook to this URL.",
            },
        )

    @button("New secret…", asks=True)
    def rotate_secret(self, request: HttpRequest, obj: Subscription) -> HttpResponse | None:
        if request.method != "POST":
            return self.ask(request, obj, "rotate.html", {"hours": ROTATION_OVERLAP.total_seconds() / 3600})
        operations.rotate_secret(obj)
        self.log_change(request, obj, "Made a new signing secret. The old one signs too for 24 h.")
        self.message_user(request, "A new secret signs now. The old one signs too for 24 hours.", messages.SUCCESS)
        return None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and set(credentials.FIELDS) & set(form.changed_data):
            obj.save(update_fields=[*credentials.COLUMNS, "updated_at"])

    # --- removal --------------------------------------------------------------------------------------------------
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        operations.archive(obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        self.message_user(request, f"“{obj_display}” was removed. Its log stays.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:subscriptions_subscription_changelist"))


def _removed(obj: Subscription | None) -> bool:
    return obj is not None and obj.state == State.ARCHIVED


def _health(obj: Subscription) -> EndpointHealth | None:
    return getattr(obj, "health", None)


def _failing(obj: Subscription) -> bool:
    """Nothing but failures for longer than a restart takes."""
    health = _health(obj)
    if health is None or health.failing_since is None or obj.state != State.ACTIVE:
        return False
    return timezone.now() - health.failing_since > timedelta(seconds=settings.ENDPOINT_TELL_SECONDS)


def _last_delivery() -> Subquery:
    newest = Delivery.objects.filter(subscription=OuterRef("pk")).order_by("-created_at", "-pk")
    names = ("state", "reason", "status_code", "attempts", "round_began_after", "claim")
    return Subquery(newest.values(found=JSONObject(**{name: name for name in names}))[:1])
