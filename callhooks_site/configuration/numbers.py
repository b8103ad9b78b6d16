"""Tracking numbers and tags in a configuration file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from calls.api.serializers import TagSerializer, TrackerSerializer
from calls.models import Tag, Tracker
from subscriptions.models import Company

from .kinds import Kind, accepted, check_bool, set_changed, switch_off, without

# As they are by themselves.
_TRACKER: dict[str, Any] = {"source": "", "destination_number": "", "active": True}
_TAG: dict[str, Any] = {"level": "company", "color": "gray1", "active": True}


class Trackers(Kind):
    name, noun, key = "trackers", "tracking number", "phone_number"
    fields = ("phone_number", "name", "source", "destination_number", "active")

    def rows(self, company: Company) -> Iterator[Tracker]:
        return Tracker.objects.filter(company=company).order_by("phone_number", "pk").iterator()

    def show(self, row: Tracker, prefix: str) -> dict[str, Any]:
        shown = {name: getattr(row, name) for name in self.fields}
        return without(shown, _TRACKER)

    def make(self, company: Company, given: dict[str, Any]) -> tuple[Tracker, str]:
        return Tracker.objects.create(company=company, **accepted(TrackerSerializer, given, company)), ""

    def change(self, row: Tracker, given: dict[str, Any]) -> list[str]:
        changed = set_changed(row, accepted(TrackerSerializer, _TRACKER | given, row.company))
        if changed:
            row.save()
        return changed

    def remove(self, row: Tracker) -> str:
        """Its calls stay."""
        return switch_off(row)


class Tags(Kind):
    name, noun = "tags", "tag"
    fields = ("name", "level", "color", "active")

    def rows(self, company: Company) -> Iterator[Tag]:
        return Tag.objects.filter(company=company).order_by("name", "pk").iterator()

    def same(self, key: str) -> str:
        return key.lower()

    def show(self, row: Tag, prefix: str) -> dict[str, Any]:
        shown = {name: getattr(row, name) for name in self.fields}
        return without(shown, _TAG)

    def make(self, company: Company, given: dict[str, Any]) -> tuple[Tag, str]:
        return Tag.objects.create(company=company, **self._accepted(company, given)), ""

    def change(self, row: Tag, given: dict[str, Any]) -> list[str]:
        changed = set_changed(row, self._accepted(row.company, given))
        if changed:
            row.save()
        return changed

    def remove(self, row: Tag) -> str:
        """It stays on its calls."""
        return switch_off(row)

    def _accepted(self, company: Company, given: dict[str, Any]) -> dict[str, Any]:
        values = _TAG | given
        active = values.pop("active")
        check_bool("active", active)
        return accepted(TagSerializer, values, company) | {"active": active}
