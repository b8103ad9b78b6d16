"""What a configuration file can hold of a company: how each kind of thing is shown, made, changed and taken away.

The rules are those of the API and the admin: its serializers, and the models' own checks. Here is only the order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as ModelError
from django.db.models import Model
from rest_framework.exceptions import ValidationError

from subscriptions.api.kit.serializers import shared_serializer
from subscriptions.lib.errors import ActionRefused
from subscriptions.models import Company

from . import secrets
from .reading import BadConfiguration, Document, Place
from .secrets import NoSecret

KEPT = object()  # a secret whose variable is not set: what is stored stays


class Kind:
    """`name`: in the file. `noun`: in the plan. `key`: the field by which a thing is known again. `secrets`: fields
    that are written as references."""

    name: ClassVar[str]
    noun: ClassVar[str]
    key: ClassVar[str] = "name"
    fields: ClassVar[tuple[str, ...]] = ()
    secrets: ClassVar[tuple[str, ...]] = ()

    def rows(self, company: Company) -> Iterator[Any]:
        """Those that the file can name, in a steady order."""
        raise NotImplementedError

    def show(self, row: Any, prefix: str) -> dict[str, Any]:
        """As it stands in a file, without what is as it is by itself. `prefix`: of its company's secrets."""
        raise NotImplementedError

    def make(self, company: Company, given: dict[str, Any]) -> tuple[Any, str]:
        """The new one, and what somebody should know of it. Raises ValidationError or ActionRefused."""
        raise NotImplementedError

    def change(self, row: Any, given: dict[str, Any]) -> list[str]:
        """The names of the fields that were other ones."""
        raise NotImplementedError

    def remove(self, row: Any) -> str:
        """What was done: removed, or switched off. Empty if it was off already."""
        raise NotImplementedError

    def key_of(self, row: Any) -> str:
        return str(getattr(row, self.key))

    def same(self, key: str) -> str:
        """What two keys that mean one thing have in common."""
        return key

    def known(self, company: Company) -> dict[str, Any]:
        """By key. Raises BadConfiguration where two have the same."""
        found: dict[str, Any] = {}
        for row in self.rows(company):
            key = self.same(self.key_of(row))
            if key in found:
                raise BadConfiguration(
                    f"{company.name} has two {self.name} called {self.key_of(row)}. Rename one: a file knows them so."
                )
            found[key] = row
        return found

    def resolved(self, document: Document, place: Place, given: dict[str, Any], *, new: bool) -> dict[str, Any]:
        """With secrets in the place of references. One that leads nowhere is KEPT, if something is stored."""
        values = dict(given)
        for name in self.secrets:
            if name in values:
                values[name] = self.secret(document, (*place, name), values[name], new=new)
        return values

    def secret(self, document: Document, place: Place, given: Any, *, new: bool) -> Any:
        try:
            found = secrets.resolve(secrets.check(given))
        except NoSecret as error:
            raise document.fail(place, str(error)) from None
        if found is None and new:
            raise document.fail(place, f"is not there: {given}. Set it, or write another reference.")
        return KEPT if found is None else found


def accepted(serializer: Any, given: dict[str, Any], company: Company, *, partial: bool = False) -> dict[str, Any]:
    values: dict[str, Any] = shared_serializer(serializer).accept(given, partial=partial, company=company)
    return values


def set_changed(row: Model, values: dict[str, Any]) -> list[str]:
    """Set what is other, and return its names."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def checked(row: Model) -> None:
    """As the admin's forms check a row, but for what may be empty by itself."""
    row.full_clean(validate_unique=True, validate_constraints=True)


def check_bool(name: str, given: Any) -> None:
    """Raises ValidationError for what is neither true nor false."""
    if not isinstance(given, bool):
        raise ValidationError({name: ["Must be true or false."]})


def switch_off(row: Any) -> str:
    """For `Kind.remove` of rows with `active`."""
    if not row.active:
        return ""
    type(row)._default_manager.filter(pk=row.pk).update(active=False)
    return "switched off"


def errors_of(error: Exception) -> list[tuple[Place, str]]:
    """Where something is wrong within a thing, and what."""
    if isinstance(error, ValidationError):
        return list(_flat(error.detail, ()))
    if isinstance(error, ModelError):
        found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        return [
            ((name,) if name and name != "__all__" else (), words) for name, all_ in found.items() for words in all_
        ]
    assert isinstance(error, ActionRefused)
    return [((), str(error))]


def _flat(detail: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flat(inner, (*place, name) if name != "non_field_errors" else place)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flat(inner, place)
    else:
        yield place, str(detail)


def without(shown: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """Leaves out what is as it is by itself."""
    return {name: value for name, value in shown.items() if name not in usual or usual[name] != value}
