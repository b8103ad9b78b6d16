"""The admin's login, with a code for those who turned it on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm

from .models import second_factor_of, verified

ASKED = "Enter the code that your app shows, too."
WRONG = "This code is not right, or was used already. Wait for the next one. After some failures a wait is needed."


class LoginForm(AdminAuthenticationForm):
    code = forms.CharField(
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        user: Any = self.get_user()
        if user is None or second_factor_of(user) is None:
            return cleaned
        code = cleaned.get("code") or ""
        if not code:
            raise forms.ValidationError(ASKED)
        factor = verified(user, code)
        if factor is None:
            raise forms.ValidationError(WRONG)
        user.otp_device = factor  # django-otp notes it in the session at the login
        return cleaned
