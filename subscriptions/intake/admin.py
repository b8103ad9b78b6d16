"""The admin pages that all intake shares: sources, and the items they refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.buttons import ButtonsAdmin, button
from subscriptions.admin.kit.filters import AnyTimeFilter
from subscriptions.admin.kit.logs import LargeTableAdmin
from subscriptions.admin.kit.tenancy import READ
from subscriptions.tenancy.audit_log import Actor, record

from .errors import Refused
from .models import IntakeSource, RefusedItem
from .refusals import dismiss

State = RefusedItem.State
MOST_COUNTED = 1_000
_TONES = {State.OPEN: "bad", State.ACCEPTED: "good", State.DISMISSED: "quiet"}


class IntakeSourceAdmin(ButtonsAdmin):
    """A source: after it is created, its `connect` page shows what to set up at the other end."""

    audits_own_saves = True
    add_one_at_a_time = True
    refused_model: type[RefusedItem]
    audit_noun = ""  # such as "a web form"

    @admin.display(description="last received", ordering="last_received_at")
    def last_received(self, obj: IntakeSource) -> str:
        return times.time_tag(obj.last_received_at) or "Nothing yet"

    @admin.display(description="refused, open")
    def refusals_open(self, obj: IntakeSource) -> str:
        rows: QuerySet[Any] = self.refused_model._default_manager.all()
        found = rows.filter(source=obj.pk, state=State.OPEN)[: MOST_COUNTED + 1].count()
        if not found:
            return "None"
        opts = self.refused_model._meta
        url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        count = found if found <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"
        link = format_html('<a href="{}?source={}&amp;state__exact=open&amp;since=all">{}</a>', url, obj.pk, count)
        if not obj.unlisted:
            return link
        return format_html("{} <small>and {} that were not kept</small>", link, obj.unlisted)

    @admin.display(description="created")
    def created(self, obj: IntakeSource) -> str:
        return times.time_tag(obj.created_at)

    def audit_detail(self, obj: Any) -> str:
        """What the audit log says of a new source."""
        return ""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        actor = Actor.person(request.user)
        if not change:
            record(actor, f"Created {self.audit_noun}", obj, detail=self.audit_detail(obj))
        elif form.changed_data:
            labels = [str(obj._meta.get_field(name).verbose_name) for name in form.changed_data]
            record(actor, f"Changed {self.audit_noun}", obj, detail=", ".join(labels))

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_connect"
        return HttpResponseRedirect(reverse(name, args=[obj.pk]))


class ReceivedFilter(AnyTimeFilter):
    field = "received_at"


class RefusedItemAdmin(ButtonsAdmin, LargeTableAdmin):
    """Refused items: what arrived, why it was refused, and what to do. People accept or dismiss them."""

    member_rights = operator_rights = READ
    related: tuple[str, ...] = ("source",)
    newest_first = ("-received_at", "-pk")
    buttons = ("take_in", "dismiss")  # these names are in the pages' URLs
    actions = ("take_in_selected", "dismiss_selected")
    what_to_do: Mapping[str, str] = {}  # by reason
    audit_noun = ""  # such as "a refused form"

    def accept(self, row: Any) -> int:
        """Accept it by the current rules. Returns how many items were accepted, since some go together. Raises
        Refused."""
        raise NotImplementedError

    def can_accept(self, row: Any) -> bool:
        """Whether enough of it was kept."""
        return True

    def audit_detail(self, row: Any) -> str:
        return ""

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="when")
    def when(self, obj: RefusedItem) -> str:
        return times.time_tag(obj.received_at)

    @admin.display(description="why")
    def why(self, obj: RefusedItem) -> str:
        return format_html("{}<br><small>{}</small>", obj.get_reason_display(), obj.detail)

    @admin.display(description="what to do")
    def to_do(self, obj: RefusedItem) -> str:
        return self.what_to_do[obj.reason] if obj.state == State.OPEN else "Nothing more."

    @admin.display(description="state")
    def state_badge(self, obj: RefusedItem) -> str:
        state = State(obj.state)
        badge = labels.badge(state.label, _TONES[state])
        return format_html("{} {}", badge, times.time_tag(obj.resolved_at)) if obj.resolved_at else badge

    @admin.display(description="source")
    def source_name(self, obj: RefusedItem) -> str:
        return str(obj.source)

    # --- what can be done -----------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        if obj.state != State.OPEN:
            return ()
        return ("take_in", "dismiss") if self.can_accept(obj) else ("dismiss",)

    @button("Accept")
    def take_in(self, request: HttpRequest, obj: RefusedItem) -> None:
        self._accept_all(request, [obj])

    @button("Dismiss")
    def dismiss(self, request: HttpRequest, obj: RefusedItem) -> None:
        self._dismiss_all(request, [obj])

    @admin.action(description="Accept", permissions=["operate"])
    def take_in_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._accept_all(request, self._open(request, queryset))

    @admin.action(description="Dismiss", permissions=["operate"])
    def dismiss_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._dismiss_all(request, self._open(request, queryset))

    def _open(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return list(self.writable(request, queryset.filter(state=State.OPEN)).order_by("received_at"))

    def _dismiss_all(self, request: HttpRequest, rows: Iterable[RefusedItem]) -> None:
        number = 0
        for row in rows:
            dismiss(row)
            record(Actor.person(request.user), f"Dismissed {self.audit_noun}", row)
            number += 1
        self.message_user(request, "Dismissed." if number == 1 else f"{number} dismissed.", messages.SUCCESS)

    def _accept_all(self, request: HttpRequest, rows: Iterable[RefusedItem]) -> None:
        accepted = 0
        refused: list[str] = []
        for row in rows:
            try:
                count = self.accept(row)
            except Refused as error:
                refused.append(error.detail)
                continue
            accepted += count
            if count:
                detail = self.audit_detail(row)
                record(Actor.person(request.user), f"Accepted {self.audit_noun}", row, detail=detail)
        if accepted:
            self.message_user(request, "Accepted." if accepted == 1 else f"{accepted} accepted.", messages.SUCCESS)
        for detail in dict.fromkeys(refused):
            count = refused.count(detail)
            again = "Refused again" if count == 1 else f"{count} were refused again"
            self.message_user(request, f"{again}: {detail}", messages.ERROR)
        if not accepted and not refused:
            self.message_user(request, "There was nothing to accept.", messages.WARNING)


def show_values(values: Iterable[tuple[str, str]], *, most: int) -> str:
    """Names and values as a definition list; values are cut after `most` characters. Empty for no values."""
    rows = [(name[:200], value.replace("\x00", "")[:most]) for name, value in values]
    return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows)) if rows else ""
