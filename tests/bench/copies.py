"""Tables filled by copying a row that the product itself made, so that a new column needs no word here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import Model


class Copies:
    """`values`: of the named parameters in the expressions."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def make(self, model: type[Model], pk: Any, number: int, salt: str, /, **given: str) -> None:
        """`number` copies of the row, with these columns as these expressions of `n`, from 1."""
        from django.db import connection

        columns = [str(field.column) for field in model._meta.concrete_fields]
        assert set(given) <= {*columns}, set(given) - {*columns}
        pk_column = str(model._meta.pk.column)
        columns = [name for name in columns if name != pk_column or name in given]
        taken = ", ".join(given.get(name, f't."{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE'
                f' SELECT {taken} FROM "{table}" t, generate_series(1, {number}) n WHERE t."{pk_column}" = %(pk)s',
                {**self._values, "pk": pk, "total": number, "salt": salt},
            )


def resource_id(prefix: str) -> str:
    """An expression of the resource id of the n-th copy."""
    return f"'{prefix}' || md5(%(salt)s || '{prefix}' || n::text)"


def highest(model: type[Model]) -> int:
    """The highest id there is."""
    return int(model._default_manager.order_by("-pk").values_list("pk", flat=True)[0])


def renumber(*models: type[Model]) -> None:
    """What is saved next comes after the copies."""
    from django.db import connection

    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), max(id)) "
                f'FROM "{model._meta.db_table}"'
            )
