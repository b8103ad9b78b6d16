"""The columns of a row in which something of a person can stand: all texts, lists and objects. A column that is added
later is among them by itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BinaryField, CharField, Field, JSONField, Model, TextField

from subscriptions.models.fields import EncryptedTextField, ResourceIdField

from .contacts import Contacts

# Of one number or address, not valid with other words in it; or unique, where two may differ in the number only.
_EMPTIED = ("phone_number", "email", "external_id")
LIKELY_COMPRESSION = 10  # at most, of what is stored compressed
_WITH_WORDS = (CharField, TextField, JSONField, ArrayField)


def with_words(model: type[Model]) -> list[Field[Any, Any]]:
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, _WITH_WORDS)
        and not isinstance(field, ResourceIdField | EncryptedTextField)
        and not field.primary_key
    ]


def empty_values(model: type[Model], *, keep: Collection[str]) -> dict[str, Any]:
    """For an update that empties all of these columns but some."""
    return {field.name: _empty(field) for field in with_words(model) if field.name not in keep}


def _empty(field: Field[Any, Any]) -> Any:
    if field.has_default():
        return field.get_default()
    return None if field.null else ""


def redacted(row: Model, contacts: Contacts, *, only: Collection[str] | None = None) -> dict[str, Any]:
    """The columns of this row in which one of the contacts is, without it; for an update."""
    changed = {}
    for field in with_words(type(row)):
        value = getattr(row, field.attname)
        if (only is None or field.name in only) and contacts.are_in(value):
            changed[field.name] = "" if field.name.endswith(_EMPTIED) else _cut(contacts.redact(value), field)
    return changed


def _cut(value: Any, field: Field[Any, Any]) -> Any:
    """`[erased]` is longer than a short address."""
    return value[: field.max_length] if isinstance(value, str) and field.max_length else value


def as_one_text(model: type[Model]) -> str:
    """An expression of SQL: all of these columns, one after the other."""
    table = model._meta.db_table
    return "concat_ws(' ', " + ", ".join(f'{table}."{field.column}"::text' for field in with_words(model)) + ")"


def as_bytes(model: type[Model]) -> str:
    """An expression of SQL: about how many bytes a row has, without reading those that lie outside of it."""
    sizes = ["0"]
    for field in model._meta.concrete_fields:
        column = f'{model._meta.db_table}."{field.column}"'
        if isinstance(field, CharField | TextField | BinaryField):
            sizes.append(f"coalesce(octet_length({column}), 0)")
        elif isinstance(field, JSONField | ArrayField):
            sizes.append(f"coalesce(pg_column_size({column}), 0) * {LIKELY_COMPRESSION}")
    return " + ".join(sizes)
