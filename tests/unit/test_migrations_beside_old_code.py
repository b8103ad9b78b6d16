"""An upgrade needs no stop: each new migration runs at a time when the code that runs can live with it.

`tests/data/released_migrations.json` has the last migration of each app in the last release; those after it are judged.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now

from subscriptions.maintenance import upgrades
from tests.support.migration_rules import find_faults

ROOT = Path(__file__).resolve().parents[2]
RELEASED: dict[str, str] = json.loads((ROOT / "tests" / "data" / "released_migrations.json").read_text())


def new_migrations(loader: MigrationLoader) -> list[tuple[str, str]]:
    """Of our own apps, in the order in which they run."""
    ours = {
        app.label for app in apps.get_app_configs() if Path(app.path).is_relative_to(ROOT) and ".venv" not in app.path
    }
    plan: list[tuple[str, str]] = []
    for leaf in loader.graph.leaf_nodes():
        plan += [key for key in loader.graph.forwards_plan(leaf) if key not in plan]
    return [key for key in plan if key[0] in ours and key[1] > RELEASED.get(key[0], "")]


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


def test_new_migrations_run_beside_the_code_of_their_time(loader):
    faults = []
    for key in new_migrations(loader):
        state = loader.project_state([key], at_end=False)
        faults += find_faults(loader.graph.nodes[key], state)
    assert faults == []


def test_no_new_migration_waits_for_one_of_the_second_part(loader):
    upgrades.split(loader.graph.nodes[key] for key in new_migrations(loader))


def test_the_released_ones_exist(loader):
    assert [key for key in RELEASED.items() if key not in loader.graph.nodes] == []


def judged(operation: Any, **attributes: Any) -> list[str]:
    """What is said of a migration with this one operation, on a table with a name, a nullable note and a mark."""
    state = ProjectState()
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=50)),
        ("note", models.TextField(null=True)),
        ("made_at", models.DateTimeField(db_default=Now())),
    ]
    state.add_model(ModelState("calls", "thing", fields))
    migration = type("Migration", (migrations.Migration,), {"operations": [operation], **attributes})("0099_x", "calls")
    return find_faults(migration, state)


BEFORE = [
    migrations.RemoveField("thing", "note"),
    migrations.RenameField("thing", "name", "title"),
    migrations.RenameModel("thing", "item"),
    migrations.DeleteModel("thing"),
    migrations.AlterModelTable("thing", "things"),
    migrations.AddField("thing", "size", models.IntegerField(default=0)),
    migrations.AddField("thing", "key", models.CharField(max_length=9, unique=True, db_default="")),
    migrations.AlterField("thing", "note", models.TextField(default="")),
    migrations.AlterField("thing", "note", models.TextField(db_default="")),  # it may write NULL, whatever the default
    migrations.AlterField("thing", "made_at", models.DateTimeField()),
    migrations.AlterField("thing", "name", models.CharField(max_length=20)),
    migrations.AlterField("thing", "name", models.CharField(max_length=50, unique=True)),
    migrations.AlterField("thing", "name", models.IntegerField()),
    migrations.AddConstraint("thing", models.CheckConstraint(condition=~models.Q(name=""), name="named")),
    migrations.AddIndex("thing", models.Index("name", name="by_name")),
    migrations.RunSQL("DROP TABLE calls_thing"),
    migrations.RunPython(migrations.RunPython.noop),
]


@pytest.mark.parametrize("operation", BEFORE, ids=lambda one: one.describe())
def test_what_old_code_cannot_live_with_is_refused_before_the_new_code(operation):
    assert len(judged(operation)) == 1
    assert judged(operation, safe_because="Tried beside the old code.") == []


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("thing", "size", models.IntegerField(null=True)),
        migrations.AddField("thing", "size", models.IntegerField(default=0, db_default=0)),
        migrations.AlterField("thing", "name", models.CharField(max_length=99, help_text="Longer.")),
        migrations.AlterField("thing", "name", models.CharField(max_length=50, null=True)),
        migrations.CreateModel("other", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AlterModelOptions("thing", {"ordering": ["name"]}),
    ],
    ids=lambda one: one.describe(),
)
def test_what_old_code_does_not_notice_runs_before_the_new_code(operation):
    assert judged(operation) == []


def test_a_column_goes_when_no_old_code_is_left():
    assert judged(migrations.RemoveField("thing", "note"), when="after") == []
    assert judged(migrations.RemoveField("thing", "made_at"), when="after") == []


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("thing", "name"),  # new code does not know it, and it takes no NULL
        migrations.AddField("thing", "size", models.IntegerField(null=True)),
        migrations.RenameField("thing", "name", "title"),
    ],
    ids=lambda one: one.describe(),
)
def test_what_new_code_cannot_wait_for_is_refused_after_it(operation):
    assert len(judged(operation, when="after")) == 1


def made(name: str, *needs: str, when: str = "before") -> migrations.Migration:
    attributes = {"when": when, "dependencies": [("calls", need) for need in needs]}
    migration: migrations.Migration = type("Migration", (migrations.Migration,), attributes)(name, "calls")
    return migration


def test_the_plan_has_two_parts():
    plan = upgrades.split([made("1"), made("2", "1"), made("3", "2", when="after")])
    assert plan.before == [("calls", "1"), ("calls", "2")]
    assert plan.after == [("calls", "3")]
    assert upgrades.last_of_apps(plan.before) == {"calls": "2"}


def test_what_needs_the_second_part_cannot_be_in_the_first():
    with pytest.raises(upgrades.NotInOrder, match=r"calls\.3 runs before the new code and needs calls\.2"):
        upgrades.split([made("1"), made("2", "1", when="after"), made("3", "2")])
