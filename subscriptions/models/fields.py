"""Our own model fields."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import BaseExpression, Func

from ..lib.encryption import decrypt, encrypt
from ..lib.ids import resource_id

# Line breaks, other control characters, and marks that change the direction of text.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def one_line(value: str) -> None:
    """Validates names: they appear in mail subjects, lists and logs."""
    if _INVISIBLE.search(value):
        raise ValidationError("A name must be one line, without invisible characters.", code="not_one_line")


class TransactionNumber(Func):
    """The number of the transaction, which PostgreSQL gives out in ascending order and never twice."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class SecretExportRefused(Exception):
    """Secrets are not exported, because the export would hold them unencrypted. Back up with pg_dump
    (docs/deployment.md), or leave this model out: dumpdata --exclude APP.MODEL."""


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted at rest. It cannot be searched, because each encryption of a value differs."""

    def from_db_value(
        self, value: str | None, expression: BaseExpression, connection: BaseDatabaseWrapper
    ) -> str | None:
        if value in (None, ""):
            return value
        return decrypt(str(value), keys=settings.FIELD_ENCRYPTION_KEYS)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value in (None, ""):
            return value
        return encrypt(value, keys=settings.FIELD_ENCRYPTION_KEYS)

    def get_lookup(self, lookup_name: str) -> Any:
        # Comparing ciphertexts never matches, and would only help an attacker.
        return super().get_lookup(lookup_name) if lookup_name in ("isnull",) else None

    def value_to_string(self, obj: models.Model) -> str:
        # Called by Django's serializers. They get no ciphertext either: somebody who can log in could have a stolen
        # ciphertext decrypted by loading it into a row of their own.
        raise SecretExportRefused(" ".join(str(SecretExportRefused.__doc__).split()))


class EncryptedHeadersField(EncryptedTextField):
    """Names and values (`dict[str, str]`), encrypted at rest as JSON; an empty dict is stored as empty text."""

    def from_db_value(  # type: ignore[override]
        self, value: str | None, expression: BaseExpression, connection: BaseDatabaseWrapper
    ) -> dict[str, str]:
        plain = super().from_db_value(value, expression, connection)
        return json.loads(plain) if plain else {}

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(json.dumps(value) if value else "")


class ResourceIdField(models.CharField):  # type: ignore[type-arg]
    """The identifier in webhooks and in the API: `COM…`, `CAL…` and so on."""

    def __init__(self, *args: Any, prefix: str = "", **kwargs: Any) -> None:
        self.prefix = prefix
        if prefix:
            kwargs.update(max_length=35, unique=True, editable=False, default=partial(resource_id, prefix))
        super().__init__(*args, **kwargs)

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        # The same type as varchar(35), spelled so that Django does not add a second index for LIKE.
        return f"character varying({self.max_length})"

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        if self.prefix:
            for given in ("max_length", "unique", "editable", "default"):
                kwargs.pop(given, None)
            kwargs["prefix"] = self.prefix
        return name, path, list(args), kwargs
