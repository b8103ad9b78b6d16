"""Web servers may be behind a pooler that gives each transaction another session. What needs a session of its own is
done by the cluster and commands alone, and known here."""

from __future__ import annotations

import re

from tests.unit.test_import_directions import MODULES, ROOT

# Locks and settings that outlive their transaction; LISTEN (NOTIFY passes a pooler); cursors; temporary tables.
SESSION_LEVEL = re.compile(
    r"pg_(try_)?advisory_(un)?lock(_shared)?\(|['\"]LISTEN |['\"\s]SET (?!LOCAL\b)[a-z_]+( =|\s+TO\b)|\bDISCARD [A-Z]|"
    r"WITH HOLD|CREATE (LOCAL )?TEMP|set_config\([^)]*,\s*false\)"
)
ONLY_DIRECT = {
    "subscriptions/delivery/slots.py": "drains: their slots and wake-ups",
    "subscriptions/delivery/outbox/cursors.py": "drains: plans are made anew",
    "subscriptions/worker/cluster_hooks.py": "the cluster's processes: limits of their sessions",
    "subscriptions/feed/manifests/daily.py": "the sweep: one process makes manifests",
    "callhooks_site/supervision/watch.py": "the supervisor's look at the database",
    "callhooks_site/intake/vendor_import/management/commands/import_from_vendor.py": "a command",
}
# `UPDATE … SET name = …` looks the same as a setting.
UPDATE = re.compile(r"(UPDATE|ON CONFLICT|DO UPDATE)\b[^;]*?\bSET\b", re.S)


def uses(source: str) -> list[str]:
    return [found[0] for found in SESSION_LEVEL.finditer(UPDATE.sub("", source))]


def test_only_the_cluster_and_commands_use_their_session():
    using = {str(path.relative_to(ROOT)): uses(path.read_text()) for path in MODULES.values()}
    assert {path: found for path, found in using.items() if found and path not in ONLY_DIRECT} == {}


def test_what_is_listed_is_still_there():
    assert [path for path in ONLY_DIRECT if not uses((ROOT / path).read_text())] == []


def test_each_kind_is_seen():
    lock, setting = "SELECT pg_try_advisory_lock(%s)", '"SET statement_timeout = 5"'
    for statement in (lock, setting, '"LISTEN channel"', "DISCARD ALL", "CREATE TEMP TABLE x"):
        assert uses(statement), statement
    lock, setting = "SELECT pg_try_advisory_xact_lock(%s)", "'SET LOCAL jit = off'"
    for statement in (lock, setting, "UPDATE t SET name = 1", "NOTIFY x"):
        assert not uses(statement), statement
