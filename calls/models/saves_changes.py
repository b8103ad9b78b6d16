from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from typing import Any, Self

from django.db import models


class SavesChanges(models.Model):
    """`save` writes what was changed in this object since it was loaded, not what others have changed meanwhile.

    Django writes every column: a call loaded while it rang and saved after it had ended would ring again, and its
    post_call would never come. `update_fields` and `force_insert` work as Django's do.
    """

    class Meta:
        abstract = True

    _loaded: dict[str, Any] | None = None

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:
        instance = super().from_db(db, field_names, values)
        instance._remember()
        return instance

    def refresh_from_db(
        self, using: str | None = None, fields: Iterable[str] | None = None, from_queryset: Any = None
    ) -> None:
        super().refresh_from_db(using, fields, from_queryset)
        self._remember()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not args and kwargs.get("update_fields") is None and not kwargs.get("force_insert") and not self._state.adding:
            changed = self.changed_fields()
            if changed is not None:
                kwargs["update_fields"] = [*changed, *self._always_written()]
        super().save(*args, **kwargs)
        self._remember()

    def changed_fields(self) -> list[str] | None:
        """The names of fields whose value is not the one that was loaded; None when nothing is known of that."""
        loaded = self._loaded
        if loaded is None:
            return None
        return [
            field.name
            for field in self._meta.concrete_fields
            if not field.primary_key
            and field.attname in self.__dict__
            and (field.attname not in loaded or loaded[field.attname] != self.__dict__[field.attname])
        ]

    def _always_written(self) -> list[str]:
        return [field.name for field in self._meta.concrete_fields if getattr(field, "auto_now", False)]

    def _remember(self) -> None:
        self._loaded = {
            field.attname: copy.deepcopy(value) if isinstance(value, list | dict) else value
            for field in self._meta.concrete_fields
            if (value := self.__dict__.get(field.attname, _deferred)) is not _deferred
        }


_deferred = object()
