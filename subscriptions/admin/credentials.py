"""A receiver's own headers and login on the form of a subscription: written, and shown as the mask ever after."""

from __future__ import annotations

from typing import Any

from django import forms

from ..delivery.credentials import Credentials, CredentialsRefused
from ..endpoint_rules import checked_credentials, checked_url, leads_elsewhere
from ..models import Subscription
from .forms import ExactTextField, TenantForm

FIELDS = ["login_user", "login_password", "login_token", "header_lines"]
# What is written when one of them was changed.
COLUMNS = ["custom_headers", "auth_user", "auth_password", "auth_token"]
_FIELD_OF = dict(zip(COLUMNS, ["header_lines", "login_user", "login_password", "login_token"], strict=True))
_UNSEEN = {"autocomplete": "new-password"}  # the browser's own passwords are not meant


class CredentialsForm(TenantForm):
    """A mask that is left as it is keeps what is stored."""

    login_user = forms.CharField(label="User", required=False, strip=False)
    login_password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs=_UNSEEN, render_value=True),
        help_text="Your server asks for a user and a password (basic authentication).",
    )
    login_token = forms.CharField(
        label="Or a token",
        required=False,
        widget=forms.PasswordInput(attrs=_UNSEEN, render_value=True),
        help_text="Your server asks for a token (Authorization: Bearer …).",
    )
    header_lines = ExactTextField(
        label="More headers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One in a line, such as X-Tenant: acme. Values are not shown again.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            shown = self.instance.credentials.masked()
            self.initial.update(
                login_user=shown.user,
                login_password=shown.password,
                login_token=shown.token,
                header_lines="\n".join(f"{name}: {value}" for name, value in shown.headers.items()),
            )

    def clean_header_lines(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for number, line in enumerate(self.cleaned_data["header_lines"].split("\n"), start=1):
            name, colon, value = (part.strip(" \t") for part in line.partition(":"))
            if not line.strip():
                continue
            if not colon:
                raise forms.ValidationError(f"Line {number} has no colon. Write each header as Name: value.")
            if name.lower() in (known.lower() for known in headers):
                raise forms.ValidationError(f"The header {name[:60]} is there twice. Take one out.")
            headers[name] = value
        return headers

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not set(FIELDS) <= cleaned.keys():  # one is wrong already, or the page shows none of them
            return cleaned
        given = Credentials(
            cleaned["header_lines"], cleaned["login_user"], cleaned["login_password"], cleaned["login_token"]
        )
        subscription: Subscription = self.instance
        try:
            subscription.credentials = checked_credentials(
                given, stored=subscription.credentials, moved=self._moved(cleaned.get("url"))
            )
        except CredentialsRefused as error:
            self.add_error(_FIELD_OF[error.name], str(error))
        return cleaned

    def _moved(self, url: str | None) -> bool:
        try:
            return leads_elsewhere(self.instance.url, checked_url(url or ""))
        except ValueError:  # told beside the URL
            return False


def in_words(credentials: Credentials) -> str:
    """For those who may only read."""
    words = {"basic": "User and password", "bearer": "A token", "": ""}[credentials.scheme]
    names = ", ".join(credentials.headers)
    return "; ".join(part for part in (words, names) if part) or "Nothing more"
