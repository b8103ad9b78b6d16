"""Migrations in two parts, so that an upgrade needs no stop: docs/upgrading.md.

A migration runs before the new code, while the old code runs, unless it says `when = "after"`: then it runs when no old
code is left. `manage.py migrate_before` runs the first part; `manage.py migrate` runs whatever is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

AFTER = "after"
Key = tuple[str, str]  # the app's label and the migration's name


class NotInOrder(Exception):
    """A migration of the first part needs one of the second; the message is for operators."""


@dataclass
class Plan:
    """What is not applied yet, in order."""

    before: list[Key] = field(default_factory=list)
    after: list[Key] = field(default_factory=list)


def runs_after(migration: Migration) -> bool:
    return getattr(migration, "when", "before") == AFTER


def read_plan() -> Plan:
    """Of this code and the database. Raises NotInOrder."""
    executor = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    return split(migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()))


def split(migrations: Iterable[Migration]) -> Plan:
    """In the order in which they would be applied. Raises NotInOrder."""
    plan = Plan()
    for migration in migrations:
        if runs_after(migration):
            plan.after.append((migration.app_label, migration.name))
            continue
        for app, name in set(migration.dependencies) & set(plan.after):
            raise NotInOrder(
                f"{migration.app_label}.{migration.name} runs before the new code and needs {app}.{name}, which runs "
                "when no old code is left. Upgrade to the release that brought the latter first and finish it with "
                "`migrate`, or stop all services and run `migrate`."
            )
        plan.before.append((migration.app_label, migration.name))
    return plan


def last_of_apps(keys: Sequence[Key]) -> dict[str, str]:
    """The last of these migrations of each app."""
    return dict(keys)
