"""Two versions of the code in folders of their own."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from callhooks_site.devtools.state import PROJECT, DevError

LEFT_OUT = shutil.ignore_patterns(".*", "var", "tests", "staticfiles")
BEFORE, AFTER = "drill_before", "drill_after"
# A column of the busiest table that the new code brings for its time beside the old code, and then removes.
TABLE, COLUMN = "subscriptions_delivery", "drilled"
_MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    {when}
    dependencies = [("subscriptions", "{needs}")]
    operations = [{operation}]
"""


def last_without_newest_migration() -> str:
    """The commit before the one that brought the newest migration: upgrading from it migrates something."""
    newest = _git("log", "-1", "--diff-filter=A", "--format=%H", "--", "*/migrations/0*.py")
    return f"{newest.decode().strip()}^"


def export(commit: str, into: Path) -> str:
    """The code of a commit. Returns its short name."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    name = _git("rev-parse", "--short", f"{commit}^{{commit}}").decode().strip()
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit))) as archive:
        archive.extractall(into, filter="data")
    return name


def copy_with_migrations(into: Path) -> None:
    """The working tree's code and two migrations more: one for before, one for after."""
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(PROJECT, into, ignore=LEFT_OUT)
    folder = into / "subscriptions" / "migrations"
    newest = max(path.stem for path in folder.glob("[0-9]*.py"))
    field = f'"delivery", "{COLUMN}"'
    added = f'migrations.AddField({field}, models.TextField(default="", db_default=""))'
    removed = f"migrations.RemoveField({field})"
    _write(folder, f"9998_{BEFORE}", newest, added, "")
    _write(folder, f"9999_{AFTER}", f"9998_{BEFORE}", removed, 'when = "after"')


def _write(folder: Path, name: str, needs: str, operation: str, when: str) -> None:
    (folder / f"{name}.py").write_text(_MIGRATION.format(when=when, needs=needs, operation=operation))


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, check=False)
    if done.returncode != 0:
        raise DevError(f"git {' '.join(arguments)} failed: {done.stderr.decode().strip()}")
    return done.stdout
