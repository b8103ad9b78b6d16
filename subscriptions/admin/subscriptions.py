"""Subscriptions: to which URL a company's webhooks go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..endpoints import operations
from ..events import catalogue, versions
from ..lib.errors import ActionRefused
from ..models import Delivery, Subscription
from ..models.subscription import ROTATION_OVERLAP
from ..tenancy.access import access_of
from . import credentials
from .dry_runs import DryRunForm
from .filter_form import FilterAdmin
from .first_secret import FirstSecretAdmin
from .kit import times
from .kit.bounded_lists import BoundedPaginator
from .kit.buttons import button
from .kit.filters import DefaultingFilter
from .kit.forms import CheckboxesField
from .kit.logs import COUNT_LIMIT
from .manifests import ManifestsAdmin
from .past_events import PastEventsAdmin
from .payload_versions import PayloadVersionAdmin
from .shapes import ShapeAdmin
from .subscription_facts import SubscriptionFacts
from .subscription_list import SubscriptionList
from .verification import VerifyingAdmin

State = Subscription.State


ALL_EVENTS = "all"  # of the choices; it stands for each that tells of a call, a text or a form


def event_choices() -> list[tuple[str, SafeString]]:
    every = format_html("<b>{}</b> <span>{}</span>", "All events", "Whatever happens to a call, a text or a form.")
    return [
        (ALL_EVENTS, every),
        *(
            (event_type.name, format_html("<b>{}</b> <span>{}</span>", event_type.label, event_type.fires))
            for event_type in catalogue.all_types()
        ),
    ]


FILTER_ABOUT = (
    "Leave all empty to get every call. An event is asked only for what it knows: a text has a tracking number and "
    "a source, but no duration. What is left out stays in the log, with the reason."
)
# Whoever does not choose gets the default, or keeps what is there.
CHOICES_WITH_DEFAULT = {"payload_version", "encoding", "call_direction", "retry_policy", "batch_seconds"}
BATCH_FIELDS = ("batch_events", "batch_seconds", "batch_lines")
BATCH_ABOUT = (
    "For a server that is paid by the request: events wait some seconds and go together, as a list. Each keeps its own "
    "line in the log. Your server has to read lists: docs/verify has an example."
)


class EventsField(CheckboxesField):
    """The names of events. "All events" is ticked by people only: a script ticks it where each is chosen."""

    def clean(self, value: Any) -> list[str]:
        return _each_event(super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(initial, _each_event(data))


def _each_event(names: Any) -> list[str]:
    if names and ALL_EVENTS in names:
        every = [event_type.name for event_type in catalogue.main_types()]
        return [*every, *(name for name in names if name != ALL_EVENTS and name not in every)]
    return list(names or ())


class SubscriptionForm(credentials.CredentialsForm, DryRunForm):
    events = EventsField(
        choices=event_choices, help_text="What to send.", error_messages={"required": "Choose at least one event."}
    )
    payload_version = forms.ChoiceField(
        choices=versions.choices,
        initial=versions.DEFAULT,
        required=False,
        help_text="Which keys the bodies have. Keep the first, unless your receiver was written for the other.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in CHOICES_WITH_DEFAULT & set(self.fields):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        for name in CHOICES_WITH_DEFAULT & set(self.cleaned_data):
            if not self.cleaned_data[name]:
                self.cleaned_data[name] = getattr(self.instance, name)
        return super().clean()


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
class SubscriptionAdmin(
    SubscriptionFacts,
    PastEventsAdmin,
    FilterAdmin,
    ShapeAdmin,
    PayloadVersionAdmin,
    VerifyingAdmin,
    ManifestsAdmin,
    FirstSecretAdmin,
):
    form = SubscriptionForm
    member_rights = operator_rights = frozenset({"view", "add", "change", "delete"})
    menu, menu_order = "subscriptions", 10
    related = ("health",)
    deferred = ("secret", "previous_secret")
    list_display = ("name", "state_badge", "host", "events_in_short", "day", "last_delivery")
    cells = {
        "name": "who",
        "state_badge": "when",
        "host": "what soft",
        "events_in_short": "soft clip wide",
        "day": "wider",
        "last_delivery": "side soft",
    }
    form_in_side = False
    delete_label = "Remove…"
    empty_icon = "webhook"
    empty_text = "Enter the URL of your server and choose events. Callhooks sends a test to it."
    empty_guide = "guide#from-the-first-subscription-to-the-first-webhook"
    list_filter = (StateFilter,)
    search_fields = ("name__icontains", "url__icontains")
    search_help_text = "Name or URL"
    readonly_fields = (
        "events_in_words",
        "filter_in_words",
        "state_in_words",
        "secret_masked",
        "verification",
        "manifests",
        "credentials_in_words",
        "retries",
        "deliveries",
        "version_in_words",
        "shape_in_words",
        "resource_id",
        "created",
    )
    buttons = (
        "test",
        "send_now",
        "pause",
        "resume",
        "reveal_secret",
        "rotate_secret",
        "past_events",
        "shape",
        "payload_version",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(last=_last_delivery())
        return rows

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """By name; for an operator, who has those of all companies, the newest first, which an index knows."""
        return ("-pk",) if access_of(request).all_companies else ("name", "pk")

    def get_paginator(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> BoundedPaginator:
        paginator = BoundedPaginator(queryset, *args, **kwargs)
        paginator.keys_first = True
        return paginator

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[SubscriptionList]:
        return SubscriptionList

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        version = "version_in_words" if obj is not None else "payload_version"
        shape = ["shape_in_words"] if obj is not None else []
        options = [
            version,
            *shape,
            "encoding",
            "ordered",
            "rate_per_minute",
            "retry_policy",
            "retry_refusals",
            "retries",
            "send_traceparent",
        ]
        how = ("Sending options", {"fields": options, "classes": ("collapse",)})
        editable = obj is None or self.has_change_permission(request, obj)
        asked = credentials.FIELDS if editable else ["credentials_in_words"]
        login = ("Login and headers", {"fields": asked, "classes": ("collapse",)})
        folded = {} if obj is not None and obj.batch_events is not None else {"classes": ("collapse",)}
        batches = ("Several events in one request", {"fields": BATCH_FIELDS, "description": BATCH_ABOUT, **folded})
        fieldsets = [*super().get_fieldsets(request, obj), *self._filter(request, obj), how, batches, login]
        if obj is None:
            return fieldsets
        return [
            ("Status", {"fields": ["state_in_words", "filter_in_words", "deliveries"]}),
            *fieldsets,
            ("For the receiver", {"fields": ["secret_masked", "verification", "manifests", "resource_id", "created"]}),
        ]

    def _filter(self, request: HttpRequest, obj: Any) -> list[tuple[Any, Any]]:
        if obj is not None and not self.has_change_permission(request, obj):
            return []
        company = access_of(request).only_company(self.writers) if obj is None else obj.company
        names = ["call_direction", *self.filter_field_names(obj, company)]
        used = obj is not None and bool(obj.conditions or obj.call_direction != Subscription.CallDirection.BOTH)
        folded = {} if used else {"classes": ("collapse",)}
        return [("Which calls", {"fields": names, "description": FILTER_ABOUT, **folded})]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        editable = obj is None or self.has_change_permission(request, obj)
        return ["name", "url", "events" if editable else "events_in_words"]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs.get("obj")
        facts = self.head_facts(obj) if obj is not None else {}
        return super().render_change_form(request, {**facts, **context}, *args, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _removed(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _removed(obj) and super().has_delete_permission(request, obj)

    # --- buttons --------------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        if _removed(obj):
            return ()
        if obj.state == State.ACTIVE:
            waits = Delivery.objects.filter(subscription=obj, state=Delivery.State.PENDING).exists()
            return (
                "test",
                *(["send_now"] if waits else []),
                "pause",
                "reveal_secret",
                "rotate_secret",
                "past_events",
                "shape",
                "payload_version",
            )
        return ("test", "resume", "reveal_secret", "rotate_secret", "shape", "payload_version")

    @button("Send now", icon="send")
    def send_now(self, request: HttpRequest, obj: Subscription) -> None:
        try:
            count = operations.send_waiting(obj)
        except ActionRefused as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        waits = "1 webhook waits" if count == 1 else f"{count:,} webhooks wait"
        self.log_change(request, obj, f"Sent now what waits: {waits}.")
        text = f"{waits}, and will be sent now: a few at first, then more each second while your server accepts them."
        self.message_user(request, text, messages.SUCCESS)

    @button("Pause", icon="pause")
    def pause(self, request: HttpRequest, obj: Subscription) -> None:
        if obj.state != State.ACTIVE:
            return
        operations.pause(obj)
        self.log_change(request, obj, "Paused.")
        self.message_user(request, "Paused. New webhooks are held until you resume.", messages.SUCCESS)

    @button("Resume…", opens_page=True, icon="rotate-cw")
    def resume(self, request: HttpRequest, obj: Subscription) -> HttpResponse | None:
        held = Delivery.objects.filter(subscription=obj, state=Delivery.State.HELD)[: COUNT_LIMIT + 1].count()
        choice = request.POST.get("held")
        if request.method != "POST" or (held and choice not in ("send", "drop")):
            return self.render_page(request, obj, "resume.html", {"held": held, "most": COUNT_LIMIT})
        try:
            count = operations.resume(obj, send_held=choice != "drop")
        except ActionRefused as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        number = "1 held webhook" if count == 1 else f"{count:,} held webhooks"
        text = f" {number} will {'be sent now' if choice == 'send' else 'not be sent'}." if count else ""
        if obj.resuming:
            text += " The subscription becomes active as soon as these are dropped."
        self.log_change(request, obj, f"Resumed.{text}")
        self.message_user(request, f"Resumed.{text}", messages.SUCCESS)
        return None

    @button("Show secret", confirms=True, icon="eye")
    def reveal_secret(self, request: HttpRequest, obj: Subscription) -> HttpResponse:
        self.log_change(request, obj, "Viewed the signing secret.")
        return self.render_page(
            request,
            obj,
            "secret.html",
            {
                "what": "Signing secret",
                "secret": obj.secret,
                "previous": obj.secrets[1:],
                "until": times.time_tag(obj.previous_secret_until),
                "help": "The webhook-signature header of every webhook to this URL is made with it.",
            },
        )

    @button("New secret…", opens_page=True, confirms=True, icon="key-round")
    def rotate_secret(self, request: HttpRequest, obj: Subscription) -> HttpResponse | None:
        if request.method != "POST":
            # At most two secrets sign: another rotation ends the previous secret immediately.
            until = obj.previous_secret_until
            still = times.time_tag(until) if until is not None and until > timezone.now() else ""
            context = {"hours": ROTATION_OVERLAP.total_seconds() / 3600, "until": still}
            return self.render_page(request, obj, "rotate.html", context)
        operations.rotate_secret(obj)
        self.log_change(request, obj, "Created a new signing secret. The old one also signs for 24 hours.")
        text = "The new secret is in use. The old one also signs for 24 hours. “Show secret” shows both."
        self.message_user(request, text, messages.SUCCESS)
        return None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # Save the URL together with the credentials that were checked for it: credentials that another user
        # stored for the old server in the meantime must not go to the new one.
        if change and (form.moved or set(credentials.FIELDS) & set(form.changed_data)):
            obj.save(update_fields=["url", *credentials.COLUMNS, "updated_at"])

    # --- removal --------------------------------------------------------------------------------------------------
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        operations.archive(obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        self.message_user(request, f"“{obj_display}” was removed. Its log stays.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:subscriptions_subscription_changelist"))


def _removed(obj: Subscription | None) -> bool:
    return obj is not None and obj.state == State.ARCHIVED


def _last_delivery() -> Subquery:
    newest = Delivery.objects.filter(subscription=OuterRef("pk")).order_by("-created_at", "-pk")
    names = ("state", "reason", "status_code", "attempts", "round_began_after", "claim")
    return Subquery(newest.values(found=JSONObject(**{name: name for name in names}))[:1])
