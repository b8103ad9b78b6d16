"""The form that starts a resend job: subscription, period, states and rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from ..endpoints import resend_jobs
from ..models import Delivery, Subscription
from .kit.searched_choices import SearchSelect, search_in
from .period_form import PeriodForm

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # before any event


class SubscriptionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    several = False

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.company.name}" if self.several else str(obj.name)


class ResendForm(PeriodForm):
    field_order = ("subscription", "since", "until", "states", "per_second")

    subscription = SubscriptionChoice(Subscription.objects.none())
    states = forms.MultipleChoiceField(
        label="State",
        choices=[
            (str(state), "Waiting for a retry" if state == Delivery.State.PENDING else state.label)
            for state in resend_jobs.STATES
        ],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        error_messages={"required": "Choose at least one."},
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
        self.fields["since"].label, self.fields["until"].label = "Created from", "Created before"
        self.fields["per_second"].help_text = "For each subscription. New webhooks do not wait behind these."

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        chosen = data.get("subscription")
        if chosen is not None and chosen.state != Subscription.State.ACTIVE:
            self.add_error("subscription", f"“{chosen}” is not active. Resume it first.")
        return data

    def filters(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("since", "until", "states")}

    def subscriptions(self) -> list[Subscription]:
        chosen = self.cleaned_data["subscription"]
        if chosen is not None:
            return [chosen]
        field: Any = self.fields["subscription"]
        return list(field.queryset.filter(state=Subscription.State.ACTIVE))

    def hidden_inputs(self) -> list[tuple[str, str]]:
        """The answers as hidden fields for the next page."""
        chosen = self.cleaned_data["subscription"]
        return [
            *self.hidden_period(),
            ("subscription", str(chosen.pk) if chosen is not None else ""),
            *(("states", str(Delivery.State(state))) for state in self.cleaned_data["states"]),
        ]
