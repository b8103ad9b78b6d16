"""Web forms and phone systems in a configuration file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import ValidationError

from callhooks_site.intake.providers import operations
from callhooks_site.intake.providers.models import IngestSource
from forms_intake.models import FormSource
from subscriptions.models import Company
from subscriptions.tenancy.audit_log import Actor

from .kinds import KEPT, Kind, check_bool, checked, set_changed, switch_off, without
from .secrets import name_for

ACTOR = Actor("apply_config")
_LINES = ("allowed_origins", "redirect_pages", "name_fields", "email_fields", "phone_fields")

_USUAL: dict[str, Any] = {name: [] for name in _LINES} | {"honeypot_field": "leave_this_empty", "active": True}


class FormSources(Kind):
    name, noun = "form_sources", "web form"
    fields = ("name", *_LINES, "honeypot_field", "active")

    def rows(self, company: Company) -> Iterator[FormSource]:
        return FormSource.objects.filter(company=company).order_by("name", "pk").iterator()

    def show(self, row: FormSource, prefix: str) -> dict[str, Any]:
        shown = {name: getattr(row, name) for name in self.fields}
        shown |= {name: shown[name].splitlines() for name in _LINES}
        return without(shown, _USUAL)

    def make(self, company: Company, given: dict[str, Any]) -> tuple[FormSource, str]:
        row = FormSource(company=company, **self._values(given))
        checked(row)
        row.save()
        return row, f"new: its address is /f/{row.public_key}"

    def change(self, row: FormSource, given: dict[str, Any]) -> list[str]:
        before = {name: getattr(row, name) for name in self.fields}
        set_changed(row, self._values(given))
        checked(row)
        changed = [name for name, value in before.items() if getattr(row, name) != value]
        if changed:
            row.save(update_fields=changed)
        return changed

    def remove(self, row: FormSource) -> str:
        """Its site gets refusals, which can be accepted later."""
        return switch_off(row)

    def _values(self, given: dict[str, Any]) -> dict[str, Any]:
        values = _USUAL | given
        check_bool("active", values["active"])
        for name in _LINES:
            if name in values:
                if not isinstance(values[name], list) or not all(isinstance(one, str) for one in values[name]):
                    raise ValidationError({name: ["This must be a list of texts."]})
                values[name] = "\n".join(values[name])
        return values


class PhoneSources(Kind):
    name, noun = "phone_sources", "phone system"
    fields = ("name", "provider", "account_sid", "auth_token", "paused")
    secrets = ("auth_token",)

    def rows(self, company: Company) -> Iterator[IngestSource]:
        return IngestSource.objects.filter(company=company).order_by("name", "pk").iterator()

    def show(self, row: IngestSource, prefix: str) -> dict[str, Any]:
        shown = {
            "name": row.name,
            "provider": row.provider,
            "account_sid": row.account_sid,
            "auth_token": name_for(prefix, row.name, "auth token"),
            "paused": row.state == IngestSource.State.PAUSED,
        }
        return without(shown, {"paused": False})

    def make(self, company: Company, given: dict[str, Any]) -> tuple[IngestSource, str]:
        values = dict(given)
        paused = values.pop("paused", False)
        row = IngestSource(company=company, **values)
        checked(row)
        row.save()
        if paused:
            operations.pause(row, ACTOR)
        return row, f"new: paste its addresses at {row.get_provider_display()}, key {row.public_key}"

    def change(self, row: IngestSource, given: dict[str, Any]) -> list[str]:
        for name in ("provider", "account_sid"):
            if name in given and given[name] != getattr(row, name):
                raise ValidationError({name: ["It cannot be changed. Add another phone system instead."]})
        changed = []
        token = given.get("auth_token", KEPT)
        if token is not KEPT and token != row.auth_token:
            operations.rotate_token(row, str(token), ACTOR)
            changed.append("auth_token")
        paused = given.get("paused", False)
        if paused != (row.state == IngestSource.State.PAUSED):
            (operations.pause if paused else operations.resume)(row, ACTOR)
            changed.append("paused")
        return changed

    def remove(self, row: IngestSource) -> str:
        if row.state == IngestSource.State.PAUSED:
            return ""
        operations.pause(row, ACTOR)
        return "paused"
