"""What a migration may do while old code runs: before the new code comes, or when all of it is there.

A database that is migrated before the code is replaced is used by code that does not know about it: that code reads and
writes the columns that it knows, with its own names, and leaves out those that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

from subscriptions.maintenance.upgrades import runs_after

HARMLESS = (
    migrations.CreateModel,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.AlterModelTableComment,
)
ADVICE = 'Let it run when no old code is left (`when = "after"`), or say why it harms none: `safe_because = "…"`.'


def find_faults(migration: migrations.Migration, state: ProjectState) -> list[str]:
    """In words; none when it may run at its time. `state` is the one before it, and is changed."""
    if getattr(migration, "safe_because", ""):
        return []
    faults = []
    for operation in migration.operations:
        check = _of_after if runs_after(migration) else _of_before
        faults += [f"{migration}: {operation.describe()}: {fault}" for fault in check(operation, migration, state)]
        operation.state_forwards(migration.app_label, state)
    return faults


def _of_before(operation: Operation, migration: migrations.Migration, state: ProjectState) -> Iterator[str]:
    if isinstance(operation, HARMLESS) or _is_of_new_table(operation, migration):
        return
    if isinstance(operation, migrations.AddIndex):
        yield "nobody can write to the table until it is built: use AddIndexConcurrently."
    elif isinstance(operation, migrations.AddField):
        if not _may_be_left_out(operation.field):
            yield f"old code inserts rows without it: give it null=True or a db_default. {ADVICE}"
        elif operation.field.unique and not operation.field.null:
            yield f"all rows that old code inserts get the same value. {ADVICE}"
    elif isinstance(operation, migrations.AlterField):
        old = _field(operation, migration, state)
        yield from (f"{words} {ADVICE}" for words in _narrowed(old, operation.field))
    else:
        yield f"old code may need what it changes. {ADVICE}"


def _of_after(operation: Operation, migration: migrations.Migration, state: ProjectState) -> Iterator[str]:
    """The new code runs for a while without it: with columns that it does not know any more."""
    if isinstance(operation, migrations.RemoveField) and not _may_be_left_out(_field(operation, migration, state)):
        yield (
            "new code inserts rows without it while it is still there: make it null=True or give it a db_default in a "
            "migration that runs before"
        )
    elif isinstance(operation, migrations.AddField | migrations.CreateModel):
        yield "new code needs it as soon as it runs: let it run before"
    elif isinstance(operation, migrations.RenameField | migrations.RenameModel | migrations.AlterModelTable):
        yield "new code needs the new name as soon as it runs: add another column, copy, and remove the old one"


def _is_of_new_table(operation: Operation, migration: migrations.Migration) -> bool:
    """Of a table that this migration makes: old code does not know it."""
    made = {one.name.lower() for one in migration.operations if isinstance(one, migrations.CreateModel)}
    return getattr(operation, "model_name", "").lower() in made


def _may_be_left_out(field: models.Field) -> bool:  # type: ignore[type-arg]
    return bool(field.null or field.many_to_many or getattr(field, "generated", False) or _has_db_default(field))


def _has_db_default(field: models.Field) -> bool:  # type: ignore[type-arg]
    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def _field(
    operation: migrations.AlterField | migrations.RemoveField, migration: migrations.Migration, state: ProjectState
) -> models.Field:  # type: ignore[type-arg]
    found: models.Field = state.models[migration.app_label, operation.model_name_lower].fields[operation.name]  # type: ignore[type-arg]
    return found


def _narrowed(old: models.Field, new: models.Field) -> Iterator[str]:  # type: ignore[type-arg]
    if old.null and not new.null:
        yield "old code may write NULL."
    if _has_db_default(old) and not _has_db_default(new) and not new.null:
        yield "old code may leave it out."
    if new.unique and not old.unique:
        yield "old code may write a value twice."
    if new.remote_field and not old.remote_field:
        yield "old code may write what the foreign key does not allow."
    if type(new) is not type(old) or new.db_column != old.db_column:
        yield "its type or name changes."
    longest, before = new.max_length, old.max_length
    if longest is not None and (before is None or longest < before):
        yield "old code may write a longer value."
