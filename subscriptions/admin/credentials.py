"""Custom headers, login and client certificate on the subscription form. Stored values are shown as a mask."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.html import format_html

from ..delivery.credentials import Credentials, CredentialsRefused
from ..delivery.http.client_certificates import shown
from ..delivery.oauth import IN_BODY, IN_HEADER, Client
from ..endpoints.rules import has_moved, validate_certificate, validate_credentials, validate_url
from ..models import Subscription
from .kit.forms import ExactTextField, TenantForm

CLIENT_FIELDS = ["oauth_token_url", "oauth_client_id", "oauth_client_secret", "oauth_scope", "oauth_audience",
                 "oauth_sends_in"]  # fmt: skip
FIELDS = ["login_user", "login_password", "login_token", *CLIENT_FIELDS, "header_lines", "certificate_chain",
          "certificate_key"]  # fmt: skip
# All are saved together when one changes.
COLUMNS = ["custom_headers", "auth_user", "auth_password", "auth_token", "client_certificate", "auth_client"]
_FIELD_OF = {name: name for name in CLIENT_FIELDS} | {
    "custom_headers": "header_lines",
    "auth_user": "login_user",
    "auth_password": "login_password",
    "auth_token": "login_token",
    "client_certificate": "certificate_chain",
}
_UNSEEN = {"autocomplete": "new-password"}  # no stored passwords of the browser


class CredentialsForm(TenantForm):
    """A field that still holds the mask keeps its stored value. `moved`: the URL points to another server or path."""

    moved = False

    login_user = forms.CharField(label="User", required=False, strip=False)
    login_password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs=_UNSEEN, render_value=True),
        help_text="If your server requires a user and a password (Basic authentication).",
    )
    login_token = forms.CharField(
        label="Or a token",
        required=False,
        widget=forms.PasswordInput(attrs=_UNSEEN, render_value=True),
        help_text="If your server requires a token (Authorization: Bearer …).",
    )
    oauth_token_url = forms.CharField(
        label="Or an OAuth client: token URL",
        required=False,
        help_text="If your server takes tokens of OAuth 2.0 client credentials: where Callhooks gets them.",
    )
    oauth_client_id = forms.CharField(label="Client ID", required=False, strip=False)
    oauth_client_secret = forms.CharField(
        label="Client secret",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs=_UNSEEN, render_value=True),
        help_text="Stored encrypted and not shown again.",
    )
    oauth_scope = forms.CharField(label="Scope", required=False, help_text="If your server asks for one.")
    oauth_audience = forms.CharField(label="Audience", required=False, help_text="If your server asks for one.")
    oauth_sends_in = forms.ChoiceField(
        label="ID and secret are sent",
        choices=[(IN_HEADER, "In a header (Basic)"), (IN_BODY, "In the body")],
        initial=IN_HEADER,
        required=False,
    )
    header_lines = ExactTextField(
        label="Custom headers",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One per line, such as X-Tenant: acme. Values are not shown again.",
    )

    certificate_chain = ExactTextField(
        label="Client certificate",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="If your server requires mutual TLS: the certificate in PEM, with its chain.",
    )
    certificate_key = ExactTextField(
        label="Private key of the certificate",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
        help_text="In PEM, without a password. Stored encrypted and not shown again.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            masked = self.instance.credentials.masked()
            self.initial.update(
                login_user=masked.user,
                login_password=masked.password,
                login_token=masked.token,
                header_lines="\n".join(f"{name}: {value}" for name, value in masked.headers.items()),
                certificate_chain=masked.certificate,
                certificate_key=masked.certificate,
            )
            if masked.client is not None:
                self.initial.update({f"oauth_{name}": value for name, value in asdict(masked.client).items()})
            if masked.certificate:
                # Help texts are HTML, and a certificate's subject can hold any text.
                words = describe_certificate(self.instance.credentials)
                self.fields["certificate_chain"].help_text = format_html("Stored: {}.", words)

    def clean_header_lines(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for number, line in enumerate(self.cleaned_data["header_lines"].split("\n"), start=1):
            name, colon, value = (part.strip(" \t") for part in line.partition(":"))
            if not line.strip():
                continue
            if not colon:
                raise forms.ValidationError(f"Line {number} has no colon. Write each header as Name: value.")
            if name.lower() in (known.lower() for known in headers):
                raise forms.ValidationError(f"The header {name[:60]} appears twice. Remove one.")
            headers[name] = value
        return headers

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not set(FIELDS) <= cleaned.keys():  # one is invalid, or the page shows none of them
            return cleaned
        subscription: Subscription = self.instance
        url = cleaned.get("url") or ""
        self.moved = self._moved(url)
        try:
            given = Credentials(
                cleaned["header_lines"],
                cleaned["login_user"],
                cleaned["login_password"],
                cleaned["login_token"],
                validate_certificate(cleaned["certificate_chain"], cleaned["certificate_key"]),
                self._client(cleaned),
            )
            subscription.credentials = validate_credentials(
                given, stored=subscription.credentials, url=url, moved=self.moved
            )
        except CredentialsRefused as error:
            self.add_error(_FIELD_OF.get(error.name, "certificate_key"), str(error))
        return cleaned

    def _client(self, cleaned: dict[str, Any]) -> Client | None:
        values = {name.removeprefix("oauth_"): cleaned[name] for name in CLIENT_FIELDS}
        sends_in = values.pop("sends_in") or IN_HEADER
        return Client(**values, sends_in=sends_in) if any(values.values()) else None

    def _moved(self, url: str) -> bool:
        try:
            return has_moved(self.instance.url, validate_url(url))
        except ValueError:  # the URL field shows this error
            return False


def describe(credentials: Credentials) -> str:
    """A summary for users who may only read."""
    words = {"basic": "User and password", "bearer": "A token", "": ""}.get(credentials.scheme, "")
    if credentials.client is not None:
        words = f"OAuth 2.0, tokens from {credentials.client.host}"
    names = ", ".join(credentials.headers)
    certificate = credentials.certificate and f"Client certificate {describe_certificate(credentials)}"
    return "; ".join(part for part in (words, names, certificate) if part) or "None"


def describe_certificate(credentials: Credentials) -> str:
    known = shown(credentials.certificate)
    return f"{known.subject}, {'expired' if known.is_over else 'expires'} on {known.expires_at:%Y-%m-%d}"
