"""Custom headers, login and client certificate of a subscription. Reads show a mask for each value, and subject and
expiry of the certificate. Sending these back keeps the stored values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..delivery.credentials import Credentials, CredentialsRefused
from ..delivery.http.client_certificates import shown
from ..delivery.masking import MASK
from ..delivery.oauth import IN_BODY, IN_HEADER, Client
from ..endpoints.rules import has_moved, validate_certificate, validate_credentials
from ..models import Subscription
from .kit.fields import StrictCharField, StrictChoiceField
from .kit.serializers import StrictSerializer, shared_serializer

# The field of the body for an error of a column.
_CLIENT = ["token_url", "client_id", "client_secret", "scope", "audience", "sends_in"]
_PLACES = {"auth_user": "user", "auth_password": "password", "auth_token": "token"} | {
    f"oauth_{name}": name for name in _CLIENT
}
OAUTH = "oauth2_client_credentials"


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class CustomHeaders(serializers.Field[Any, Any, Any, Any]):
    default_error_messages = {"invalid": "This must be an object of header names and values.",
                              "null": "This cannot be null. Send an empty object to remove all."}  # fmt: skip

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, Mapping):
            self.fail("invalid")
        return dict(data)

    def to_representation(self, value: Any) -> dict[str, str]:
        return dict.fromkeys(value, MASK)


class _Basic(StrictSerializer):
    type = StrictChoiceField(choices=["basic"])
    user = StrictCharField(required=False, allow_blank=True, trim_whitespace=False)
    password = StrictCharField(required=False, allow_blank=True, trim_whitespace=False)


class _Bearer(StrictSerializer):
    type = StrictChoiceField(choices=["bearer"])
    token = StrictCharField(trim_whitespace=False)


class _OAuth(StrictSerializer):
    type = StrictChoiceField(choices=[OAUTH])
    token_url = StrictCharField(trim_whitespace=False)
    client_id = StrictCharField(trim_whitespace=False)
    client_secret = StrictCharField(trim_whitespace=False)
    scope = StrictCharField(required=False, allow_blank=True)
    audience = StrictCharField(required=False, allow_blank=True)
    sends_in = StrictChoiceField([IN_HEADER, IN_BODY], required=False)


@extend_schema_field({"type": ["object", "null"]})
class Auth(serializers.Field[Any, Any, Any, Any]):
    """`{"type": "basic", "user": …, "password": …}`, `{"type": "bearer", "token": …}`, an OAuth client, or null.
    Validates to Credentials without headers."""

    default_error_messages = {
        "invalid": f'This must be null or an object whose type is "basic", "bearer" or "{OAUTH}".'
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> Credentials:
        kinds = {"basic": _Basic, "bearer": _Bearer, OAUTH: _OAuth}
        kind = data.get("type") if isinstance(data, Mapping) else None
        if not isinstance(kind, str) or kind not in kinds:
            self.fail("invalid")
        given = shared_serializer(kinds[kind]).accept(data)
        if kind == "basic" and not (given.get("user") or given.get("password")):
            raise serializers.ValidationError({"user": ["Send a user, a password, or both."]})
        if kind == OAUTH:
            return Credentials(client=Client(**{name: given[name] for name in _CLIENT if name in given}))
        return Credentials({}, given.get("user", ""), given.get("password", ""), given.get("token", ""))

    def to_representation(self, value: Credentials) -> dict[str, str] | None:
        shown = value.masked()
        if value.scheme == "basic":
            return {"type": "basic", "user": shown.user, "password": shown.password}
        if shown.client is not None:
            return {"type": OAUTH, **asdict(shown.client)}
        return {"type": "bearer", "token": shown.token} if value.scheme else None


class _Certificate(StrictSerializer):
    certificate = StrictCharField()
    private_key = StrictCharField()


@extend_schema_field({"type": ["object", "null"]})
class ClientCertificate(serializers.Field[Any, Any, Any, Any]):
    """Written as `{"certificate": PEM, "private_key": PEM}` or null, read as `{"subject", "expires_at"}`. Sending back
    what was read keeps the stored value. The validated value is the text to store, or the mask."""

    default_error_messages = {"invalid": "This must be null or an object with certificate and private_key, in PEM."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, Mapping):
            self.fail("invalid")
        if data.keys() == {"subject", "expires_at"}:
            return MASK
        given = shared_serializer(_Certificate).accept(data)
        try:
            return validate_certificate(given["certificate"], given["private_key"])
        except CredentialsRefused as error:
            place = "private_key" if error.name == "client_key" else "certificate"
            raise serializers.ValidationError({place: [str(error)]}) from None

    def to_representation(self, value: str) -> dict[str, str] | None:
        if not value:
            return None
        known = shown(value)
        return {"subject": known.subject, "expires_at": known.expires_at.isoformat()}


def to_column_values(data: Mapping[str, Any], subscription: Subscription) -> dict[str, Any]:
    """Replace the credentials fields of the body by the model's columns. Absent fields keep their values. Raises
    ValidationError."""
    values = dict(data)
    stored = subscription.credentials
    kept = stored.masked()
    headers = values.pop("custom_headers", kept.headers)
    auth = values.pop("auth", kept) or Credentials()
    certificate = values.pop("client_certificate", kept.certificate) or ""
    given = Credentials(headers, auth.user, auth.password, auth.token, certificate, auth.client)
    url = values.get("url", subscription.url)
    moved = "url" in values and has_moved(subscription.url, values["url"])
    try:
        checked = validate_credentials(given, stored=stored, url=url, moved=moved)
    except CredentialsRefused as error:
        place = _PLACES.get(error.name)
        words = [str(error)]
        raise serializers.ValidationError({"auth": {place: words}} if place else {error.name: words}) from None
    if checked != stored:
        values |= {
            "custom_headers": dict(checked.headers),
            "auth_user": checked.user,
            "auth_password": checked.password,
            "auth_token": checked.token,
            "client_certificate": checked.certificate,
            "auth_client": checked.client.as_text() if checked.client is not None else "",
        }
    return values
