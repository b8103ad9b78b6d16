"""Subscriptions and alert destinations in a configuration file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import ValidationError

from subscriptions.api.alert_destinations import AlertDestinationSerializer
from subscriptions.api.conditions import check_conditions
from subscriptions.api.credentials import OAUTH, to_column_values
from subscriptions.api.subscriptions import SubscriptionSerializer
from subscriptions.delivery.masking import MASK
from subscriptions.endpoints import destinations, operations
from subscriptions.models import AlertDestination, Company, Subscription

from . import conditions
from .kinds import KEPT, Kind, accepted, check_bool, set_changed, without
from .reading import Document, Place
from .secrets import name_for

State = Subscription.State
_PLAIN = (
    "name", "url", "events", "payload_version", "encoding", "call_direction", "conditions", "shape", "ordered",
    "retry_policy", "retry_refusals", "rate_per_minute", "batch_events", "batch_seconds", "batch_lines",
    "send_traceparent",
)  # fmt: skip
_AUTH_SECRETS = ("password", "token", "client_secret")


class Subscriptions(Kind):
    name, noun = "subscriptions", "subscription"
    fields = (*_PLAIN, "custom_headers", "auth", "client_certificate", "paused")

    def rows(self, company: Company) -> Iterator[Subscription]:
        rows = Subscription.objects.filter(company=company).exclude(state=State.ARCHIVED)
        return rows.order_by("name", "pk").iterator()

    def show(self, row: Subscription, prefix: str) -> dict[str, Any]:
        usual = Subscription()
        shown: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
        shown = without(shown, {name: getattr(usual, name) for name in _PLAIN if name not in ("name", "url", "events")})
        shown = {name: str(value) if isinstance(value, str) else value for name, value in shown.items()}
        if "conditions" in shown:
            shown["conditions"] = conditions.by_number(shown["conditions"], row.company)
        about = (prefix, row.name)
        stored = row.credentials
        if stored.headers:
            shown["custom_headers"] = {name: name_for(*about, name) for name in stored.headers}
        if stored.scheme == "basic":
            shown["auth"] = {"type": "basic", "user": stored.user if stored.password else name_for(*about, "user")}
            shown["auth"] |= {"password": name_for(*about, "password")} if stored.password else {}
        elif stored.client is not None:
            client = {name: getattr(stored.client, name) for name in ("token_url", "client_id", "scope", "audience",
                                                                      "sends_in")}  # fmt: skip
            shown["auth"] = {"type": OAUTH, **client, "client_secret": name_for(*about, "client secret")}
        elif stored.scheme:
            shown["auth"] = {"type": "bearer", "token": name_for(*about, "token")}
        if stored.certificate:
            shown["client_certificate"] = {
                "certificate": name_for(*about, "certificate"), "private_key": name_for(*about, "private key"),
            }  # fmt: skip
        if row.state == State.PAUSED:
            shown["paused"] = True
        return shown

    def resolved(self, document: Document, place: Place, given: dict[str, Any], *, new: bool) -> dict[str, Any]:
        values = dict(given)
        if isinstance(headers := values.get("custom_headers"), dict):
            at = (*place, "custom_headers")
            values["custom_headers"] = {
                name: self._kept(document, (*at, name), one, new=new) for name, one in headers.items()
            }
        if isinstance(auth := values.get("auth"), dict):
            names = [name for name in _AUTH_SECRETS if name in auth]
            if "user" in auth and "password" not in auth:  # a key, and as secret as one
                names.append("user")
            at = (*place, "auth")
            values["auth"] = auth | {name: self._kept(document, (*at, name), auth[name], new=new) for name in names}
        if isinstance(given := values.get("client_certificate"), dict):  # type: ignore[assignment]
            at = (*place, "client_certificate")
            found = {name: self.secret(document, (*at, name), one, new=new) for name, one in given.items()}
            values["client_certificate"] = found
            if any(one is KEPT for one in found.values()):  # as the API shows it, which keeps it
                values["client_certificate"] = {"subject": "", "expires_at": ""}
        return values

    def make(self, company: Company, given: dict[str, Any]) -> tuple[Subscription, str]:
        paused, values = _split(given, company)
        accepted_values = accepted(SubscriptionSerializer, values, company)
        columns = to_column_values(check_conditions(accepted_values, company.pk), Subscription())
        row = Subscription(company=company, **columns)
        _refuse_batches(row)
        row.save()
        if paused:
            operations.pause(row)
        return row, "new: give its signing secret to the receiver"

    def change(self, row: Subscription, given: dict[str, Any]) -> list[str]:
        paused, values = _split(given, row.company)
        data = check_conditions(accepted(SubscriptionSerializer, values, row.company), row.company_id)
        changed = set_changed(row, to_column_values(data, row))
        _refuse_batches(row)
        if changed:
            row.save(update_fields=[*changed, "updated_at"])
        if paused and row.state != State.PAUSED:
            operations.pause(row)
            changed.append("paused")
        elif not paused and row.state == State.PAUSED:
            operations.resume(row, send_held=True)
            changed.append("paused")
        return changed

    def remove(self, row: Subscription) -> str:
        operations.archive(row)
        return "removed"

    def _kept(self, document: Document, place: Place, given: Any, *, new: bool) -> Any:
        """The mask stands for what is stored, as in the API."""
        found = self.secret(document, place, given, new=new)
        return MASK if found is KEPT else found


class Alerts(Kind):
    """Those of the company. A person's own are theirs."""

    name, noun = "alerts", "alert destination"
    fields = ("name", "kind", "url", "email", "alerts", "subscriptions", "summary_hour", "active")
    secrets = ("url",)

    def rows(self, company: Company) -> Iterator[AlertDestination]:
        rows = AlertDestination.objects.filter(company=company, member=None).select_related("endpoint")
        return iter(rows.order_by("name", "pk"))

    def show(self, row: AlertDestination, prefix: str) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "name": row.name,
            "kind": row.kind,
            "alerts": list(row.alerts),
            "subscriptions": sorted(row.subscriptions.values_list("name", flat=True)),
            "summary_hour": row.summary_hour,
            "active": row.active,
        }
        if row.kind == AlertDestination.Kind.MAIL:
            shown["email"] = row.email
        else:
            shown["url"] = name_for(prefix, row.name, "url")
        return without(shown, {"subscriptions": [], "summary_hour": 8, "active": True})

    def make(self, company: Company, given: dict[str, Any]) -> tuple[AlertDestination, str]:
        values = accepted(AlertDestinationSerializer, given, company)
        chosen = _by_name(company, values.pop("subscriptions", []))
        url = values.pop("url", "")
        row = AlertDestination(company=company, **values)
        url = _ruled("url", destinations.checked_url, row.kind, url)
        row.email = _ruled("email", destinations.checked_email, row.kind, row.email, company)
        destinations.save_new(row, url)
        row.subscriptions.set(chosen)
        return row, ""

    def change(self, row: AlertDestination, given: dict[str, Any]) -> list[str]:
        url = given.get("url", KEPT)
        values = accepted(
            AlertDestinationSerializer, {name: one for name, one in given.items() if one is not KEPT}, row.company
        )
        if values.pop("kind") != row.kind:
            raise ValidationError({"kind": ["It cannot be changed. Add another destination instead."]})
        values.pop("url", None)
        chosen = _by_name(row.company, values.pop("subscriptions", []))
        changed = set_changed(row, {"summary_hour": 8, "active": True} | values)
        if "email" in changed:
            row.email = _ruled("email", destinations.checked_email, row.kind, row.email, row.company)
        new_url = None
        if url is not KEPT and row.endpoint is not None:
            new_url = _ruled("url", destinations.checked_url, row.kind, url)
            new_url = None if new_url == row.endpoint.secret_url else new_url
            changed += ["url"] if new_url else []
        if changed:
            destinations.save_changed(row, new_url)
        if {one.pk for one in chosen} != set(row.subscriptions.values_list("pk", flat=True)):
            row.subscriptions.set(chosen)
            changed.append("subscriptions")
        return changed

    def remove(self, row: AlertDestination) -> str:
        destinations.remove(row)
        return "removed"


def _split(given: dict[str, Any], company: Company) -> tuple[bool, dict[str, Any]]:
    """Whether it is to be paused, and the rest. What the file does not name is as it is by itself."""
    usual = Subscription()
    absent = {name: getattr(usual, name) for name in _PLAIN if name not in ("name", "url", "events")}
    values = absent | {"auth": None, "custom_headers": {}, "client_certificate": None} | given
    values["conditions"] = conditions.by_id(values["conditions"], company)
    paused = values.pop("paused", False)
    check_bool("paused", paused)
    return paused, {name: str(one) if isinstance(one, str) else one for name, one in values.items()}


def _refuse_batches(row: Subscription) -> None:
    if why := row.why_no_batches():
        raise ValidationError({"batch_events": [why]})


def _by_name(company: Company, names: list[str]) -> list[Subscription]:
    rows = Subscription.objects.filter(company=company, name__in=names).exclude(state=State.ARCHIVED)
    found = {row.name: row for row in rows.defer(*Subscription.ENCRYPTED)}
    if unknown := [name for name in names if name not in found]:
        raise ValidationError({"subscriptions": [f"There is no subscription {unknown[0][:60]}."]})
    return [found[name] for name in names]


def _ruled(name: str, check: Any, *given: Any) -> str:
    try:
        return str(check(*given))
    except ValueError as error:
        raise ValidationError({name: [str(error)]}) from None
