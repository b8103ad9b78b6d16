"""A company's own settings in a configuration file."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as ModelError
from rest_framework.exceptions import ValidationError

from callhooks_site.privacy.models import KINDS, KeptDays
from subscriptions.api.companies import CompanySerializer
from subscriptions.events.condition_rules import validate
from subscriptions.models import Company

from . import conditions
from .kinds import accepted, checked, set_changed, without

FIELDS = ("name", "time_zone", "country", "recording_expected", "transcription_expected")
MORE = ("default_conditions", "kept_days")
_USUAL: dict[str, Any] = {
    "time_zone": "America/New_York", "recording_expected": True, "transcription_expected": True,
}  # fmt: skip


def show(company: Company) -> dict[str, Any]:
    shown = without({name: getattr(company, name) for name in FIELDS}, _USUAL)
    if company.default_conditions is not None:
        shown["default_conditions"] = conditions.by_number(company.default_conditions, company)
    days = KeptDays.objects.filter(company=company).first()
    if days is not None and (kept := {kind: getattr(days, kind) for kind in KINDS if getattr(days, kind)}):
        shown["kept_days"] = kept
    return shown


def make(given: dict[str, Any]) -> Company:
    values = {name: value for name, value in given.items() if name in FIELDS}
    return Company.objects.create(**accepted(CompanySerializer, values, None))  # type: ignore[arg-type]


def change(company: Company, given: dict[str, Any]) -> list[str]:
    """The country stays where none is named: it may have been chosen by the time zone."""
    values = _USUAL | {name: value for name, value in given.items() if name in FIELDS}
    changed = set_changed(company, accepted(CompanySerializer, values, company))
    if changed:
        company.save(update_fields=changed)
    return changed + (["kept_days"] if _keep(company, given.get("kept_days") or {}) else [])


def change_conditions(company: Company, given: dict[str, Any]) -> list[str]:
    """Once its tracking numbers and tags are there, which they may ask about."""
    wanted = conditions.by_id(given.get("default_conditions"), company)
    if wanted is not None:
        try:
            wanted = validate(wanted, company.pk)
        except ValueError as error:
            raise ValidationError({"default_conditions": [str(error)]}) from None
    changed = set_changed(company, {"default_conditions": wanted})
    if changed:
        company.save(update_fields=changed)
    return changed


def _keep(company: Company, given: Any) -> bool:
    if not isinstance(given, dict) or set(given) - set(KINDS):
        raise ValidationError({"kept_days": [f"This must be some of {', '.join(KINDS)}, with days."]})
    for kind, days in given.items():
        if isinstance(days, bool) or not isinstance(days, int):
            raise ValidationError({"kept_days": {kind: ["This must be a whole number of days."]}})
    row = KeptDays.objects.filter(company=company).first() or KeptDays(company=company)
    changed = set_changed(row, dict.fromkeys(KINDS) | given)
    if changed:
        try:
            checked(row)
        except ModelError as error:
            raise ValidationError({"kept_days": error.message_dict}) from None
        row.save()
    return bool(changed)
