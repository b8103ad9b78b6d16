"""The admin's login form, with a code for users of two-step login."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm

from .models import get_second_factor, verify_code

CODE_NEEDED = "Also enter the code from your app."
WRONG_CODE = (
    "This code is wrong or was already used. Wait for the next one. After several failures you have to wait longer."
)


class LoginForm(AdminAuthenticationForm):
    code = forms.CharField(
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        user: Any = self.get_user()
        if user is None or get_second_factor(user) is None:
            return cleaned
        code = cleaned.get("code") or ""
        if not code:
            raise forms.ValidationError(CODE_NEEDED)
        factor = verify_code(user, code)
        if factor is None:
            raise forms.ValidationError(WRONG_CODE)
        user.otp_device = factor  # django-otp stores it in the session at login
        return cleaned
