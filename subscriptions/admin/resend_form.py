"""The form that starts a resend job: subscription, period, states and rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from ..endpoints import resend_jobs
from ..models import Delivery, Subscription
from .kit import times
from .kit.forms import FIRST_MOMENT, LAST_MOMENT, TOO_FAR
from .kit.searched_choices import SearchSelect, search_in

FASTEST = 1000  # per second
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # before any event
STEP_WIDGET = {"type": "datetime-local", "step": "1"}


class Moment(forms.DateTimeInput):
    """The browser's date picker. It needs a T between date and time."""

    def __init__(self) -> None:
        super().__init__(STEP_WIDGET, format="%Y-%m-%dT%H:%M:%S")


class SubscriptionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    several = False

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.company.name}" if self.several else str(obj.name)


class ResendForm(forms.Form):
    subscription = SubscriptionChoice(Subscription.objects.none())
    since = forms.DateTimeField(label="Created from", widget=Moment)
    until = forms.DateTimeField(label="Created before", widget=Moment, required=False, help_text="Leave empty for now.")
    states = forms.MultipleChoiceField(
        label="State",
        choices=[
            (str(state), "Waiting for a retry" if state == Delivery.State.PENDING else state.label)
            for state in resend_jobs.STATES
        ],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        error_messages={"required": "Choose at least one."},
    )
    per_second = forms.IntegerField(
        label="Webhooks per second",
        min_value=1,
        max_value=FASTEST,
        initial=resend_jobs.DEFAULT_PER_SECOND,
        help_text="For each subscription. New webhooks do not wait behind these.",
    )

    def __init__(self, *args: Any, rows: QuerySet[Any], several: bool, all_of_one: bool, **kwargs: Any) -> None:
        """`rows`: the subscriptions to choose from. `all_of_one`: they belong to one company, so "all" is a choice."""
        defaults = {"since": timezone.now() - timedelta(hours=24), "states": list(resend_jobs.DEFAULT_STATES)}
        kwargs["initial"] = {**defaults, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        field: Any = self.fields["subscription"]
        field.queryset, field.several, field.required = rows, several, not all_of_one
        field.empty_label = "All active subscriptions" if all_of_one else "Choose one"
        search_in(field, Delivery._meta.get_field("subscription"))
        if all_of_one and isinstance(field.widget, SearchSelect):
            field.widget.empty_text = field.empty_label
        for name in ("since", "until"):
            self.fields[name].help_text += f" In {times.name_zone()}."

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        for name, moment in (("since", since), ("until", until)):
            if moment and not FIRST_MOMENT <= moment < LAST_MOMENT:
                self.add_error(name, TOO_FAR)
        if since and until and since >= until:
            self.add_error("until", "The end must be after the beginning.")
        chosen = data.get("subscription")
        if chosen is not None and chosen.state != Subscription.State.ACTIVE:
            self.add_error("subscription", f"“{chosen}” is not active. Resume it first.")
        # Fixed now, so that the next page confirms what was counted.
        data["until"] = until or timezone.now()
        return data

    @property
    def rate(self) -> int:
        return int(self.cleaned_data["per_second"])

    def filters(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("since", "until", "states")}

    def subscriptions(self) -> list[Subscription]:
        chosen = self.cleaned_data["subscription"]
        if chosen is not None:
            return [chosen]
        field: Any = self.fields["subscription"]
        return list(field.queryset.filter(state=Subscription.State.ACTIVE))

    def hidden_inputs(self) -> list[tuple[str, str]]:
        """The answers as hidden fields for the next page; times with their offset."""
        data = self.cleaned_data
        chosen = data["subscription"]
        return [
            ("subscription", str(chosen.pk) if chosen is not None else ""),
            ("since", data["since"].isoformat()),
            ("until", data["until"].isoformat()),
            *(("states", str(Delivery.State(state))) for state in data["states"]),
            ("per_second", str(data["per_second"])),
        ]
