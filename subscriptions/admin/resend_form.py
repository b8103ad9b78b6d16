"""The question before a resend of many: which subscription, from when to when, in which states, how fast."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from ..endpoints import resend_jobs
from ..models import Delivery, Subscription
from .kit.forms import FIRST_MOMENT, LAST_MOMENT, TOO_FAR

FASTEST = 1000  # a second; more than that is the same as all at once
STEP_WIDGET = {"type": "datetime-local", "step": "1"}


class _Moment(forms.DateTimeInput):
    """The browser's own picker, which wants a T between date and time."""

    def __init__(self) -> None:
        super().__init__(STEP_WIDGET, format="%Y-%m-%dT%H:%M:%S")


class _Subscriptions(forms.ModelChoiceField):  # type: ignore[type-arg]
    several = False

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.company.name}" if self.several else str(obj.name)


class ResendForm(forms.Form):
    subscription = _Subscriptions(Subscription.objects.none())
    since = forms.DateTimeField(label="Created from", widget=_Moment)
    until = forms.DateTimeField(label="Created before", widget=_Moment, required=False, help_text="Empty: until now.")
    states = forms.MultipleChoiceField(
        label="Which",
        choices=[
            (str(state), "Waiting for the next try" if state == Delivery.State.PENDING else state.label)
            for state in resend_jobs.STATES
        ],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        error_messages={"required": "Choose at least one."},
    )
    per_second = forms.IntegerField(
        label="How many a second",
        min_value=1,
        max_value=FASTEST,
        initial=resend_jobs.DEFAULT_PER_SECOND,
        help_text="To each subscription. Slower spares the receiver; new webhooks do not wait behind these.",
    )

    def __init__(self, *args: Any, rows: QuerySet[Any], several: bool, all_of_one: bool, **kwargs: Any) -> None:
        """`rows`: the subscriptions on offer; `all_of_one`: they are all of one company, and may be meant all."""
        defaults = {"since": timezone.now() - timedelta(hours=24), "states": list(resend_jobs.DEFAULT_STATES)}
        kwargs["initial"] = {**defaults, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        field: Any = self.fields["subscription"]
        field.queryset, field.several, field.required = rows, several, not all_of_one
        field.empty_label = "All active subscriptions" if all_of_one else "Choose one"
        for name in ("since", "until"):
            self.fields[name].help_text += f" In {timezone.get_current_timezone_name()}."

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        for name, moment in (("since", since), ("until", until)):
            if moment and not FIRST_MOMENT <= moment < LAST_MOMENT:
                self.add_error(name, TOO_FAR)
        if since and until and since >= until:
            self.add_error("until", "The end must come after the beginning.")
        chosen = data.get("subscription")
        if chosen is not None and chosen.state != Subscription.State.ACTIVE:
            self.add_error("subscription", f"Resume “{chosen}” first: nothing is sent to it now.")
        # Fixed now: what is confirmed on the next page is what was counted.
        data["until"] = until or timezone.now()
        return data

    @property
    def rate(self) -> int:
        return int(self.cleaned_data["per_second"])

    def wanted(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("since", "until", "states")}

    def subscriptions(self) -> list[Subscription]:
        chosen = self.cleaned_data["subscription"]
        if chosen is not None:
            return [chosen]
        field: Any = self.fields["subscription"]
        return list(field.queryset.filter(state=Subscription.State.ACTIVE))

    def spelled(self) -> list[tuple[str, str]]:
        """The answers as hidden fields say them again; times with their offset."""
        data = self.cleaned_data
        chosen = data["subscription"]
        return [
            ("subscription", str(chosen.pk) if chosen is not None else ""),
            ("since", data["since"].isoformat()),
            ("until", data["until"].isoformat()),
            *(("states", str(Delivery.State(state))) for state in data["states"]),
            ("per_second", str(data["per_second"])),
        ]
