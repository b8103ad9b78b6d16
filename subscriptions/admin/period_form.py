"""What forms that start a job have in common: the period that it is about, and its rate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from ..endpoints import resend_jobs
from .kit import times
from .kit.forms import FIRST_MOMENT, LAST_MOMENT, TOO_FAR

FASTEST = 1000  # per second
STEP_WIDGET = {"type": "datetime-local", "step": "1"}


class Moment(forms.DateTimeInput):
    """The browser's date picker. It needs a T between date and time."""

    def __init__(self) -> None:
        super().__init__(STEP_WIDGET, format="%Y-%m-%dT%H:%M:%S")


class PeriodForm(forms.Form):
    since = forms.DateTimeField(label="From", widget=Moment)
    until = forms.DateTimeField(label="Before", widget=Moment, required=False, help_text="Leave empty for now.")
    per_second = forms.IntegerField(
        label="Webhooks per second",
        min_value=1,
        max_value=FASTEST,
        initial=resend_jobs.DEFAULT_PER_SECOND,
        help_text="New webhooks do not wait behind these.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
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
        # Fixed now, so that the next page confirms what was counted, and that is sent.
        data["until"] = until or timezone.now()
        return data

    @property
    def rate(self) -> int:
        return int(self.cleaned_data["per_second"])

    def hidden_period(self) -> list[tuple[str, str]]:
        """The period and the rate as hidden fields for the next page; times with their offset."""
        data = self.cleaned_data
        return [
            *((name, data[name].isoformat()) for name in ("since", "until")),
            ("per_second", str(data["per_second"])),
        ]
