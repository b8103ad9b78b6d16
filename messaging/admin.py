"""Texts and conversations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from calls.models import Person, Tracker
from calls.people_search import find_people
from calls.phones import formatted
from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.filters import AnyTimeFilter, related_filter
from subscriptions.admin.kit.forms import TenantForm
from subscriptions.admin.kit.icons import icon
from subscriptions.admin.kit.logs import SEARCH_LIMIT, LargeTableAdmin
from subscriptions.admin.kit.subjects import SubjectAdmin
from subscriptions.tenancy.access import access_of

from . import contacts, conversation  # noqa: F401  # texts as contacts of a person are registered there
from .models import TextMessage, Thread

TrackerFilter = related_filter("tracker", Tracker.objects.all(), title="tracking number")


class SentFilter(AnyTimeFilter):
    field = "sent_at"


@admin.register(TextMessage)
class TextAdmin(SubjectAdmin):
    """A text is added once and never changed."""

    member_rights = operator_rights = frozenset({"view", "add"})
    menu, menu_order, menu_name = "activity", 20, "Texts"
    import_kind = "texts"
    find_people = staticmethod(find_people)
    person_path = "thread__person"
    newest_first = ("-sent_at", "-pk")
    related = ("tracker", "thread__person__merged_into")
    list_display = ("who", "beginning", "tracker_name", "time")
    cells = {"who": "who", "beginning": "what clip", "tracker_name": "soft short side", "time": "num when quiet"}
    empty_icon = "message-square-text"
    indexed = frozenset({"tracker"})
    list_filter = (SentFilter, "direction", TrackerFilter)
    readonly_fields = (
        "time", "customer", "tracking_number", "conversation", "text", "pictures", "others", "resource_id",
    )  # fmt: skip

    def page_title(self, obj: TextMessage) -> str:
        return f"Text {'from' if obj.direction == TextMessage.Direction.INBOUND else 'to'} {self.customer(obj)}"

    def name_of(self, row: TextMessage) -> str:
        return self.customer(row)

    def number_of(self, row: TextMessage) -> str:
        return formatted(row.customer_phone_number)

    def search_conditions(self, request: HttpRequest, term: str) -> Iterator[dict[str, Any]]:
        yield from super().search_conditions(request, term)
        senders = access_of(request).limit(Thread.objects.filter(person=None, address=term), "company")
        threads = list(senders.values_list("pk", flat=True)[:SEARCH_LIMIT])
        if threads:
            yield {"thread__in": threads}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        fields = ["tracker", "direction", "customer_phone_number", "content", "media_urls", "sent_at"]
        if obj is not None:
            fields = [
                "direction",
                "customer",
                "tracking_number",
                "time",
                "text",
                "pictures",
                *(["others"] if obj.other_recipients else []),
                "conversation",
                "resource_id",
            ]
        return self.with_company(request, obj, [(None, {"fields": fields})])

    @admin.display(description="who")
    def who(self, obj: TextMessage) -> str:
        inbound = obj.direction == TextMessage.Direction.INBOUND
        drawn = icon("message-square-text" if inbound else "message-square-reply")
        name = obj.thread.customer_name or self.customer(obj)
        return format_html('<span class="who" title="{}">{}{}</span>', obj.get_direction_display(), drawn, name)

    @admin.display(description="tracking number")
    def tracker_name(self, obj: TextMessage) -> str:
        return obj.tracker.name

    @admin.display(description="time")
    def time(self, obj: TextMessage) -> str:
        return times.time_tag(obj.sent_at)

    @admin.display(description="customer")
    def customer(self, obj: TextMessage) -> str:
        return formatted(obj.customer_phone_number)

    @admin.display(description="tracking number")
    def tracking_number(self, obj: TextMessage) -> str:
        return format_html("{}<small>{}</small>", obj.tracker.name, formatted(obj.tracker.phone_number))

    @admin.display(description="text")
    def beginning(self, obj: TextMessage) -> str:
        return obj.content if len(obj.content) <= 80 else f"{obj.content[:79]}…"

    @admin.display(description="text")
    def text(self, obj: TextMessage) -> str:
        return format_html('<div class="prose">{}</div>', obj.content)

    @admin.display(description="pictures")
    def pictures(self, obj: TextMessage) -> str:
        return "\n".join(map(str, obj.media_urls)) or "None"

    @admin.display(description="also sent to")
    def others(self, obj: TextMessage) -> str:
        return ", ".join(formatted(number) for number in obj.other_recipients)

    @admin.display(description="conversation")
    def conversation(self, obj: TextMessage) -> str:
        url = reverse("admin:messaging_thread_change", args=[obj.thread_id])
        return format_html('<a href="{}">{}</a>', url, obj.thread)


class ThreadForm(TenantForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("assigned_to")
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = get_user_model().objects.filter(memberships__company=self.instance.company_id)


@admin.register(Thread)
class ThreadAdmin(LargeTableAdmin):
    form = ThreadForm
    member_rights = operator_rights = frozenset({"view", "change"})
    menu, menu_order, menu_name = "activity", 30, "Conversations"
    newest_first = ("-pk",)
    related = ("person__merged_into", "tracker", "assigned_to")
    list_display = ("who", "tracker_name", "opt_out", "assigned_to", "lead_status")
    cells = {
        "who": "who",
        "tracker_name": "what soft",
        "opt_out": "side quiet",
        "assigned_to": "side",
        "lead_status": "when",
    }
    empty_icon = "message-square"
    search_help_text = "Phone number or exact ID"
    fields = ("who", "tracker_name", "opt_out_when", "texts", "assigned_to", "lead_status", "conversation_id")
    readonly_fields = ("who", "tracker_name", "opt_out_when", "texts", "conversation_id")

    def find(self, request: HttpRequest, rows: Any, term: str) -> Any:
        access = access_of(request)
        persons = find_people(access.limit(Person.objects.all(), "company"), term, access.regions())
        found = set(rows.filter(Q(conversation_id=term) | Q(person=None, address=term)).values_list("pk", flat=True))
        found |= set(rows.filter(person__in=persons).values_list("pk", flat=True))
        return rows.filter(pk__in=found)

    @admin.display(description="customer")
    def who(self, obj: Thread) -> str:
        return obj.customer_name or formatted(obj.customer_number)

    @admin.display(description="tracking number")
    def tracker_name(self, obj: Thread) -> str:
        return str(obj.tracker)

    @admin.display(description="texts allowed")
    def opt_out(self, obj: Thread) -> str:
        return labels.badge("Opted out", "bad") if obj.opted_out else ""

    @admin.display(description="texts allowed")
    def opt_out_when(self, obj: Thread) -> str:
        if obj.opt_out_changed_at is None:
            return "Yes"
        words = "No: the customer sent STOP, {}" if obj.opted_out else "Yes: the customer sent START, {}"
        return format_html(words, times.time_tag(obj.opt_out_changed_at))

    @admin.display(description="texts")
    def texts(self, obj: Thread) -> str:
        return conversation.render_conversation(obj)
