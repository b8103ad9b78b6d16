"""Encrypt every stored secret with the first of FIELD_ENCRYPTION_KEYS, on a database in use.

It can be stopped and started at any time: values that the first key decrypts are left alone, so a new run continues
where the last one stopped. Each batch is one short transaction that locks its rows against changes; reading and
delivering go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction

from ..lib.encryption import CannotDecrypt, is_current, reencrypt
from ..models.fields import EncryptedTextField

BATCH = 200


@dataclass(slots=True)
class Progress:
    """Of one model: rows read, values that were re-encrypted (or would be, with `write` false), and values that no key
    decrypts, as `12.secret`."""

    model: str
    rows: int = 0
    reencrypted: int = 0
    unreadable: list[str] = field(default_factory=list)


def find_encrypted_columns() -> dict[type[models.Model], list[str]]:
    """Every model with encrypted columns, and the names of these."""
    found = {
        model: [field.column for field in model._meta.local_concrete_fields if isinstance(field, EncryptedTextField)]
        for model in apps.get_models()
    }
    return {model: columns for model, columns in found.items() if columns}


def rotate(*, write: bool, batch: int = BATCH) -> Iterator[Progress]:
    """Process all rows. Yields the model's Progress after each batch. `write` false only counts."""
    for model, columns in find_encrypted_columns().items():
        progress = Progress(model._meta.label)
        last: int | None = 0
        while last is not None:
            with transaction.atomic():
                last = _process_batch(model, columns, after=last, size=batch, write=write, progress=progress)
            yield progress


def _process_batch(
    model: type[models.Model], columns: list[str], *, after: int, size: int, write: bool, progress: Progress
) -> int | None:
    """The primary key of the batch's last row; None after the last batch."""
    table = connection.ops.quote_name(model._meta.db_table)
    key = connection.ops.quote_name(model._meta.pk.column)
    names = [connection.ops.quote_name(column) for column in columns]
    with connection.cursor() as cursor:
        # Reads ciphertext: the model would decrypt, and raise at the first value that no key decrypts.
        cursor.execute(
            f"SELECT {key}, {', '.join(names)} FROM {table} WHERE {key} > %s ORDER BY {key} LIMIT %s"
            + (" FOR NO KEY UPDATE" if write else ""),
            [after, size],
        )
        rows = cursor.fetchall()
        for pk, *stored in rows:
            fresh = {}
            for column, name, value in zip(columns, names, stored, strict=True):
                if value and not is_current(value, keys=settings.FIELD_ENCRYPTION_KEYS):
                    try:
                        fresh[name] = reencrypt(value, keys=settings.FIELD_ENCRYPTION_KEYS)
                    except CannotDecrypt:
                        progress.unreadable.append(f"{pk}.{column}")
            progress.rows += 1
            progress.reencrypted += len(fresh)
            if fresh and write:
                assignments = ", ".join(f"{name} = %s" for name in fresh)
                cursor.execute(f"UPDATE {table} SET {assignments} WHERE {key} = %s", [*fresh.values(), pk])
    return rows[-1][0] if len(rows) == size else None
