from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from functools import partial
from typing import Any, Self

from django.db import models, transaction

_deferred = object()
_CHANGEABLE = (list, dict)  # values that somebody may change without setting them: what is noted is a copy


class SavesChanges(models.Model):
    """`save` writes only the fields that changed in this object, and so keeps what others changed meanwhile.

    Django writes every column: a call loaded while it rang and saved after it ended would ring again, and never fire
    post_call. `update_fields` and `force_insert` work as in Django.
    """

    class Meta:
        abstract = True

    # Values known to be in the database: loaded from it, or written and committed.
    _loaded: dict[str, Any] | None = None
    # Fields written by a transaction that has not committed: what the database holds is unknown.
    _unsure: frozenset[str] = frozenset()

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:
        instance = super().from_db(db, field_names, values)
        instance._loaded = _copied(zip(field_names, values, strict=True))
        return instance

    def refresh_from_db(
        self, using: str | None = None, fields: Iterable[str] | None = None, from_queryset: Any = None
    ) -> None:
        names = None if fields is None else list(fields)
        super().refresh_from_db(using, names, from_queryset)
        self._note_stored(self._values(names), names)

    def save(self, *args: Any, **kwargs: Any) -> None:
        plain = not args and kwargs.get("update_fields") is None and not kwargs.get("force_insert")
        if plain and not self._state.adding and (changed := self.changed_fields()) is not None:
            kwargs["update_fields"] = [*changed, *self._always_written()]
        super().save(*args, **kwargs)
        self.note_written(kwargs.get("update_fields") or self._names())

    def note_written(self, names: Iterable[str]) -> None:
        """Note that the current transaction has written these fields as they are."""
        written = list(names)
        self._unsure |= frozenset(written)
        transaction.on_commit(partial(self._note_stored, self._values(written), written))

    def changed_fields(self) -> list[str] | None:
        """The names of fields whose value may differ from the database's; None if it was never read or saved."""
        loaded = self._loaded
        if loaded is None:
            return None
        return [
            field.name
            for field in self._meta.concrete_fields
            if not field.primary_key
            and field.attname in self.__dict__
            and (field.name in self._unsure or loaded.get(field.attname, _deferred) != self.__dict__[field.attname])
        ]

    def _note_stored(self, values: dict[str, Any], names: list[str] | None) -> None:
        """Note that the database holds these values of these fields (None: of all)."""
        self._loaded = {**(self._loaded or {}), **values} if names is not None else values
        self._unsure = frozenset() if names is None else self._unsure - frozenset(names)

    def _values(self, names: Iterable[str] | None = None) -> dict[str, Any]:
        wanted = None if names is None else set(names)
        return _copied(
            (field.attname, value)
            for field in self._meta.concrete_fields
            if (wanted is None or field.name in wanted or field.attname in wanted)
            and (value := self.__dict__.get(field.attname, _deferred)) is not _deferred
        )

    def _names(self) -> list[str]:
        return [field.name for field in self._meta.concrete_fields]

    def _always_written(self) -> list[str]:
        return [field.name for field in self._meta.concrete_fields if getattr(field, "auto_now", False)]


def _copied(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """By name."""
    return {name: copy.deepcopy(value) if type(value) in _CHANGEABLE else value for name, value in values}
