"""The form of “Send past events…”."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from ..events import catalogue
from ..models import Delivery, Subscription
from .kit.forms import CheckboxesField
from .kit.searched_choices import search_in
from .period_form import PeriodForm
from .resend_form import SubscriptionChoice

DAYS = 7  # where nothing else is chosen


class PastEventsForm(PeriodForm):
    field_order = ("since", "until", "events", "source", "repeat", "as_stored", "per_second")

    events = CheckboxesField(
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        error_messages={"required": "Choose at least one event."},
    )
    source = SubscriptionChoice(
        Subscription.objects.none(),
        required=False,
        label="Only what this other subscription got",
        help_text="To send what went to one URL to this one, too. Removed subscriptions are in the list.",
    )
    repeat = forms.BooleanField(
        label="Also send what it has already", required=False, help_text="With the same webhook-id and the same body."
    )
    as_stored = forms.BooleanField(
        label="Send other payload versions, too",
        required=False,
        help_text="Bodies are never built again. An event that was not stored in this subscription's payload version "
        "is sent in the one in which it was stored, or else left out.",
    )

    def __init__(self, *args: Any, to: Subscription, **kwargs: Any) -> None:
        kwargs["initial"] = {"since": timezone.now() - timedelta(days=DAYS), "events": to.events}
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["events"].choices = [(name, catalogue.label(name)) for name in to.events]
        others = Subscription.objects.filter(company=to.company_id).exclude(pk=to.pk).order_by("name")
        fields["source"].queryset = others.defer(*Subscription.ENCRYPTED)
        fields["source"].empty_label = "All events of the company"
        search_in(fields["source"], Delivery._meta.get_field("subscription"), company=to.company_id)

    def asked(self) -> dict[str, Any]:
        names = ("since", "until", "events", "source", "repeat", "as_stored")
        return {name: self.cleaned_data[name] for name in names}

    def hidden_inputs(self) -> list[tuple[str, str]]:
        """The answers as hidden fields for the next page."""
        data = self.cleaned_data
        return [
            *self.hidden_period(),
            *(("events", name) for name in data["events"]),
            ("source", str(data["source"].pk) if data["source"] else ""),
            *((name, "on") for name in ("repeat", "as_stored") if data[name]),
        ]
