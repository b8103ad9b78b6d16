"""Conditions in a configuration file: they name tracking numbers by number, not by an id of one installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calls.models import Tracker
from subscriptions.models import Company

FIELD = "tracker"


def by_number(condition: Any, company: Company) -> Any:
    """For the file."""
    trackers = Tracker.objects.filter(company=company)
    return _translated(condition, dict(trackers.values_list("resource_id", "phone_number"))) if condition else condition


def by_id(condition: Any, company: Company) -> Any:
    """For the rules, which refuse what is no tracking number of the company."""
    trackers = Tracker.objects.filter(company=company)
    return _translated(condition, dict(trackers.values_list("phone_number", "resource_id"))) if condition else condition


def _translated(condition: Any, names: Mapping[str, str]) -> Any:
    if isinstance(condition, list):
        return [_translated(one, names) for one in condition]
    if not isinstance(condition, dict):
        return condition
    if condition.get("field") == FIELD and isinstance(given := condition.get("in"), list):
        return condition | {"in": [names.get(one, one) if isinstance(one, str) else one for one in given]}
    return {name: _translated(one, names) for name, one in condition.items()}
