"""Alert destinations: where a company's people, or one of them, hear that webhooks fail. Owners and admins manage the
company's; everybody manages their own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from ..endpoints import chat_urls, destinations
from ..lib.errors import ActionRefused
from ..models import AlertDestination, Membership, Subscription
from ..tenancy.access import WRITERS, access_of
from .kit import labels
from .kit.buttons import ButtonsAdmin, button
from .kit.forms import CheckboxesField, TenantForm

Kind = AlertDestination.Kind
COMPANYS, OWN = "company", "own"
MOST_OFFERED = 200  # subscriptions to choose from
ALL_ROLES = frozenset(Membership.Role.values)
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]
URL_HELP = "The URL that the chat shows when you add a webhook there. It is stored encrypted and not shown again."


class AlertDestinationForm(TenantForm):
    whose = forms.ChoiceField(
        choices=[(COMPANYS, "The company's: owners and admins manage it"), (OWN, "Mine: only I can change it")],
        initial=COMPANYS,
        widget=forms.RadioSelect,
    )
    url = forms.CharField(label="URL", required=False, max_length=2048, help_text=URL_HELP)
    alerts = CheckboxesField(
        choices=AlertDestination.Alert.choices,
        initial=AlertDestination.Alert.values,
        help_text="What to tell.",
        error_messages={"required": "Choose at least one."},
    )
    summary_hour = forms.TypedChoiceField(
        label="Daily summary at", choices=HOURS, coerce=int, initial=8,
        help_text="In the company's time zone. A day without webhooks has none.",
    )  # fmt: skip
    user_id: int | None = None  # set by the page

    class Meta:
        widgets = {"kind": forms.RadioSelect, "subscriptions": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "subscriptions" in self.fields:
            rows = _offered(self.instance.company_id)
            self.fields["subscriptions"].queryset = rows.defer(*Subscription.ENCRYPTED)  # type: ignore[attr-defined]
        endpoint = self.instance.endpoint
        if "url" in self.fields and endpoint is not None:
            self.fields["url"].help_text = f"Now {endpoint.url} Leave it empty to keep it."
        kind = self.fields.get("kind")
        if isinstance(kind, forms.TypedChoiceField):
            kind.choices = Kind.choices
        if not self.instance._state.adding:
            self.fields.pop("whose", None)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        company = cleaned.get("company") or getattr(self.instance, "company", None)
        kind = cleaned.get("kind") or self.instance.kind
        if company is None or not kind:
            return cleaned
        adding = self.instance._state.adding
        if "email" in self.fields:
            self._ruled("email", lambda: destinations.checked_email(kind, cleaned.get("email") or "", company))
        if "url" in self.fields and (adding or cleaned.get("url")):
            self._ruled("url", lambda: destinations.checked_url(kind, cleaned.get("url") or ""))
        if adding:
            self._check_owner(company, cleaned.get("whose"))
        return cleaned

    def _check_owner(self, company: Any, whose: str | None) -> None:
        member = Membership.objects.filter(company=company, user=self.user_id).first()
        if whose == OWN:
            if member is None:
                self.add_error("whose", "You are no member of this company. Add it for the company.")
            self.instance.member = member
        elif member is not None and member.role not in WRITERS:
            self.add_error("whose", "Only owners and admins add destinations for the company. Choose “Mine”.")
        if not self.errors:
            try:
                destinations.check_limit(company, self.instance.member)
            except ActionRefused as error:
                self.add_error(None, str(error))

    def _ruled(self, name: str, check: Any) -> None:
        try:
            self.cleaned_data[name] = check()
        except ValueError as error:
            self.add_error(name, str(error))


@admin.register(AlertDestination)
class AlertDestinationAdmin(ButtonsAdmin):
    form = AlertDestinationForm
    menu, menu_order, menu_name = "settings", 25, "Alerts"
    member_rights = operator_rights = frozenset({"view", "add", "change", "delete"})
    writers = ALL_ROLES
    related = ("endpoint__health", "member__user")
    deferred = tuple(f"endpoint__{name}" for name in Subscription.ENCRYPTED)
    list_display = ("name", "where", "state_badge", "alerts_in_words", "whose_in_words")
    cells = {
        "name": "who",
        "where": "what",
        "state_badge": "side",
        "alerts_in_words": "soft clip wide",
        "whose_in_words": "soft quiet when",
    }
    form_in_side = False
    add_one_at_a_time = True
    delete_label = "Remove…"
    empty_icon = "send"
    empty_text = "Hear in Slack, Teams, Google Chat or by email when webhooks fail, and once a day how it went."
    search_fields = ("name__icontains",)
    readonly_fields = ("alerts_in_words", "where", "state_in_words", "whose_in_words", "log", "resource_id")
    buttons = ("test", "turn_off", "turn_on", "reveal_secret")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        if access_of(request).all_companies:
            return rows
        return rows.filter(Q(member=None) | Q(member__user=request.user.pk))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """By name; for an operator, who has those of all companies, the newest first, which an index knows."""
        return ("-pk",) if access_of(request).all_companies else ("name", "pk")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        company = obj.company_id if obj is not None else getattr(access_of(request).only_company(ALL_ROLES), "pk", None)
        # One that is to be chosen first has its subscriptions chosen later.
        which = ["subscriptions"] if 0 < _offered(company)[: MOST_OFFERED + 1].count() <= MOST_OFFERED else []
        if obj is None:
            return ["kind", "name", "url", "email", "alerts", *which, "summary_hour", "whose"]
        if not self.has_change_permission(request, obj):
            return ["name", "alerts_in_words", *which, "summary_hour"]
        return ["name", "email" if obj.kind == Kind.MAIL else "url", "alerts", *which, "summary_hour"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        facts = ["state_in_words", "where", "whose_in_words", "resource_id"]
        return [*fieldsets, ("Status", {"fields": [*facts, "log"] if obj.endpoint_id else facts})]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user_id = request.user.pk
        if "whose" in form.base_fields:
            form.base_fields["whose"].initial = COMPANYS if access_of(request).may_write_some() else OWN
        if obj is None and "email" in form.base_fields:
            form.base_fields["email"].initial = getattr(request.user, "email", "")
        return form

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The company's are its writers', a person's own are theirs."""
        access = access_of(request)
        if obj is None:
            return access.may_read_some()
        if obj.member_id is not None and not access.all_companies:
            return bool(obj.member.user_id == request.user.pk)
        return access.may_write(obj.company_id, WRITERS)

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="where", ordering="kind")
    def where(self, obj: AlertDestination) -> str:
        address = obj.email if obj.kind == Kind.MAIL else obj.endpoint.url if obj.endpoint else ""
        return format_html("{} <small>{}</small>", obj.get_kind_display(), address)

    @admin.display(description="state")
    def state_badge(self, obj: AlertDestination) -> str:
        state, tone, _ = _state(obj)
        return labels.badge(state, tone)

    @admin.display(description="state")
    def state_in_words(self, obj: AlertDestination) -> str:
        state, tone, why = _state(obj)
        return format_html("{} {}", labels.badge(state, tone), why)

    @admin.display(description="tells")
    def alerts_in_words(self, obj: AlertDestination) -> str:
        return ", ".join(str(label) for value, label in AlertDestination.Alert.choices if value in obj.alerts)

    @admin.display(description="whose")
    def whose_in_words(self, obj: AlertDestination) -> str:
        return obj.member.user.get_username() if obj.member is not None else "The company's"

    @admin.display(description="log")
    def log(self, obj: AlertDestination) -> str:
        url = reverse("admin:subscriptions_delivery_changelist")
        return format_html('<a href="{}?subscription={}&amp;since=all">The alerts sent to it</a>', url, obj.endpoint_id)

    # --- saving ---------------------------------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        url = form.cleaned_data.get("url") or ""
        if change:
            destinations.save_changed(obj, url or None)
        else:
            destinations.save_new(obj, url)
        if url and (hint := chat_urls.hint(obj.kind, url)):
            self.message_user(request, hint, messages.WARNING)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        self.message_user(request, "Saved. Send a test alert to see whether it arrives.", messages.SUCCESS)
        return HttpResponseRedirect(self.change_url(obj.pk))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        destinations.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            destinations.remove(obj)

    # --- buttons --------------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        if not _is_on(obj):
            return ("turn_on",)
        return ("test", "turn_off", "reveal_secret") if obj.kind == Kind.WEBHOOK else ("test", "turn_off")

    @button("Send a test alert", icon="send")
    def test(self, request: HttpRequest, obj: AlertDestination) -> None:
        try:
            destinations.send_test(obj)
        except ActionRefused as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.log_change(request, obj, "Sent a test alert.")
        where = "Look there, or in the log below." if obj.endpoint_id else f"Look into the mailbox of {obj.email}."
        self.message_user(request, f"A test alert is on its way. {where}", messages.SUCCESS)

    @button("Turn off", icon="pause")
    def turn_off(self, request: HttpRequest, obj: AlertDestination) -> None:
        destinations.turn(obj, on=False)
        self.log_change(request, obj, "Turned off.")
        self.message_user(request, "It is off: no alert goes there.", messages.SUCCESS)

    @button("Turn on", icon="rotate-cw")
    def turn_on(self, request: HttpRequest, obj: AlertDestination) -> None:
        try:
            destinations.turn(obj, on=True)
        except ActionRefused as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.log_change(request, obj, "Turned on.")
        self.message_user(request, "It is on. Alerts from before are not sent.", messages.SUCCESS)

    @button("Show secret", confirms=True, icon="eye")
    def reveal_secret(self, request: HttpRequest, obj: AlertDestination) -> HttpResponse:
        self.log_change(request, obj, "Viewed the signing secret.")
        help_text = "The webhook-signature header of every alert to this URL is made with it."
        secret = Subscription.with_alerts.only("secret").get(pk=obj.endpoint_id or 0).secret
        return self.render_page(
            request, obj, "secret.html", {"what": "Signing secret", "secret": secret, "help": help_text}
        )


def _offered(company: int | None) -> QuerySet[Subscription]:
    """The subscriptions of a company to choose from."""
    return Subscription.objects.filter(company=company).exclude(state=Subscription.State.ARCHIVED)


def _is_on(obj: AlertDestination) -> bool:
    return obj.active and (obj.endpoint is None or obj.endpoint.state == Subscription.State.ACTIVE)


def _state(obj: AlertDestination) -> tuple[str, str, str]:
    """The state, its tone, and why."""
    endpoint = obj.endpoint
    if endpoint is not None and endpoint.state == Subscription.State.DISABLED:
        return "Disabled", "bad", f"{endpoint.state_reason} Fix the URL, then turn it on."
    if not _is_on(obj):
        return "Off", "quiet", ""
    health = getattr(endpoint, "health", None)
    if health is not None and health.failing_since is not None:
        return "Failing", "bad", health.last_failure
    return "On", "good", ""
