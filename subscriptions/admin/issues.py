"""Issues of endpoints: the list of a company, and the page of one with what can be done about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from ..endpoints import issues
from ..models import Delivery, EndpointIssue, Subscription
from ..tenancy.audit_log import Actor
from . import issue_page
from .kit import times
from .kit.bounded_lists import BoundedChangeList
from .kit.buttons import ButtonsAdmin, button
from .kit.filters import AnyTimeFilter, DefaultingFilter
from .kit.logs import LargeTableAdmin

NOTHING_MORE = "Somebody else was quicker: it is solved already."
_STATES = {"unsolved": Q(solved_at=None), **issues.STATES}


class IssueStateFilter(DefaultingFilter):
    title = "state"
    parameter_name = "state"
    choices_in_words = (
        ("unsolved", "Not solved"),
        ("open", "Open"),
        ("acknowledged", "Acknowledged"),
        ("solved", "Solved"),
        ("all", "All"),
    )
    unset = "all"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(_STATES.get(self.value(), Q()))


class OpenedFilter(AnyTimeFilter):
    field = "opened_at"


class IssueList(BoundedChangeList):
    """Adds to each row how many webhooks it affected."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        counted = issues.count_affected(rows, most=issues.MOST_IN_LIST)
        for row in rows:
            row.counted = counted.get(row.pk, 0)
        self.result_list = rows


@admin.register(EndpointIssue)
class EndpointIssueAdmin(LargeTableAdmin, ButtonsAdmin):
    menu, menu_order, menu_name = "subscriptions", 20, "Issues"
    member_rights = operator_rights = frozenset({"view", "change"})  # of the note
    related = ("subscription__health",)
    deferred = tuple(f"subscription__{name}" for name in Subscription.ENCRYPTED)
    newest_first = ("-opened_at", "-pk")
    list_display = ("to", "state_badge", "answered", "affected_in_words", "whose", "since")
    cells = {
        "to": "who",
        "state_badge": "side",
        "answered": "what soft clip",
        "affected_in_words": "num wide",
        "whose": "soft short wide",
        "since": "num when quiet",
        "company_name": "soft short",
    }
    list_filter = (IssueStateFilter, OpenedFilter)
    empty_icon = "circle-check"
    empty_text = "When a server refuses everything for some minutes, it appears here until it accepts again."
    change_form_template = "admin/subscriptions/endpointissue/change_form.html"
    fields = ("note",)
    buttons = ("acknowledge", "solve", "test", "send_now", "send_again", "pause", "resume")

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ()  # few; the chips find them

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return IssueList

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="subscription")
    def to(self, obj: EndpointIssue) -> str:
        return obj.subscription.name

    @admin.display(description="state")
    def state_badge(self, obj: EndpointIssue) -> str:
        return issue_page.badge(obj)

    @admin.display(description="last answer")
    def answered(self, obj: EndpointIssue) -> str:
        return issue_page.answer_of(obj)

    @admin.display(description="webhooks")
    def affected_in_words(self, obj: Any) -> str:
        return issue_page.format_count(
            obj.counted, most=issues.MOST_IN_LIST if obj.solved_at is None else issues.MOST_AFFECTED
        )

    @admin.display(description="who is on it")
    def whose(self, obj: EndpointIssue) -> str:
        return obj.acknowledged_name or "–"

    @admin.display(description="since")
    def since(self, obj: EndpointIssue) -> str:
        return times.time_tag(obj.opened_at)

    # --- the page -------------------------------------------------------------------------------------------------
    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {**super().page_context(request, obj), **issue_page.context(self.admin_site, obj)}

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.change_url(obj.pk))

    # --- buttons --------------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        state = obj.subscription.state
        if state == Subscription.State.ARCHIVED:
            return ()
        waits = Delivery.objects.filter(subscription=obj.subscription_id, state=Delivery.State.PENDING).exists()
        failed = Delivery.objects.filter(subscription=obj.subscription_id, state=Delivery.State.FAILED).exists()
        active = state == Subscription.State.ACTIVE
        shown = {
            "acknowledge": obj.state == "open",
            "solve": obj.solved_at is None,
            "test": True,
            "send_now": active and waits,
            "send_again": active and failed,
            "pause": active and obj.solved_at is None,
            "resume": not active,
        }
        return tuple(name for name in self.buttons if shown[name])

    @button("Acknowledge", icon="eye", primary=True)
    def acknowledge(self, request: HttpRequest, obj: EndpointIssue) -> None:
        if issues.acknowledge(obj, Actor.person(request.user)):
            self.log_change(request, obj, "Acknowledged.")
            text = "You are on it. It is no longer among the things to do, and stays in this list until it is solved."
            self.message_user(request, text, messages.SUCCESS)
        elif obj.solved_at is not None:
            self.message_user(request, NOTHING_MORE, messages.WARNING)
        else:
            self.message_user(request, f"{obj.acknowledged_name} is on it already.", messages.WARNING)

    @button("Mark as solved", icon="check")
    def solve(self, request: HttpRequest, obj: EndpointIssue) -> None:
        if issues.solve(obj, Actor.person(request.user)):
            self.log_change(request, obj, "Marked as solved.")
            text = "Marked as solved. If the server refuses another webhook, a new issue is opened."
            self.message_user(request, text, messages.SUCCESS)
        else:
            self.message_user(request, NOTHING_MORE, messages.WARNING)

    @button("Send a test…", opens_page=True, icon="send")
    def test(self, request: HttpRequest, obj: EndpointIssue) -> HttpResponse:
        return _lead_to("subscription_test", obj)

    @button("Send now", icon="send")
    def send_now(self, request: HttpRequest, obj: EndpointIssue) -> None:
        self._page_of_subscriptions.send_now(request, obj.subscription)

    @button("Send again what failed…", opens_page=True, icon="rotate-cw", more=True)
    def send_again(self, request: HttpRequest, obj: EndpointIssue) -> HttpResponse:
        """Asks first, with the count, for what this issue affected."""
        began = timezone.localtime(obj.opened_at - issues.LATE)
        asked = {"count": "1", "subscription": str(obj.subscription_id), "since": f"{began:%Y-%m-%dT%H:%M:%S}"}
        if obj.solved_at is not None:
            asked["until"] = f"{timezone.localtime(obj.solved_at) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"
        return HttpResponseRedirect(f"{reverse('admin:subscriptions_resendjob_add')}?{urlencode(asked)}")

    @button("Pause", icon="pause", more=True)
    def pause(self, request: HttpRequest, obj: EndpointIssue) -> None:
        self._page_of_subscriptions.pause(request, obj.subscription)

    @button("Resume…", opens_page=True, icon="rotate-cw")
    def resume(self, request: HttpRequest, obj: EndpointIssue) -> HttpResponse:
        return _lead_to("subscription_resume", obj)

    @property
    def _page_of_subscriptions(self) -> Any:
        return self.admin_site._registry[Subscription]


def _lead_to(page: str, obj: EndpointIssue) -> HttpResponse:
    return HttpResponseRedirect(reverse(f"admin:subscriptions_{page}", args=[obj.subscription_id]))
