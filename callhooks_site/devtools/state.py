"""The folder for development data and its secrets, and the environment of the processes.

A state folder has the database (`pg/`) and `secrets.env`. The data is encrypted with these secrets, so delete only both
together. Variables that are set in the environment override what is generated here.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from callhooks_site import installation

PROJECT = installation.ROOT
SOCKET_NAME = ".s.PGSQL.5432"
# sockaddr_un holds 104 bytes on macOS (108 on Linux), its closing zero included.
LONGEST_SOCKET_PATH = 103


class DevError(Exception):
    """A problem for the developer to solve; the message says what happened and what to do."""


def state_folder(purpose: str, project: Path = PROJECT) -> Path:
    """The folder for one purpose ("run", "test-1") of this clone and this user. Does not create it.

    It is in the home for development (that of another clone with `project`), except for root, whose server runs as a
    user that may have no access to it, and except when that path is too long for a socket.
    """
    home = installation.development_home() if project == PROJECT else project / "var"
    inside = home / f"state-{purpose}"
    if os.geteuid() != 0 and holds_socket(inside):
        return inside
    clone = hashlib.sha256(f"{os.path.realpath(home.parent)}\n{os.geteuid()}".encode()).hexdigest()[:10]
    for base in (Path("/var/tmp"), Path(tempfile.gettempdir())):
        folder = base / f"callhooks-{clone}-{purpose}"
        if os.access(base, os.W_OK | os.X_OK) and holds_socket(folder):
            return folder
    raise DevError(
        f"No folder was found for PostgreSQL's data: {inside} is too long for a socket's path, and /var/tmp "
        "cannot be written to. Move the project to a shorter path, or set XDG_STATE_HOME to one."
    )


def holds_socket(folder: Path) -> bool:
    """Whether clients can connect to a socket in `folder`/pg. (libpq reads a comma in a host as a list of hosts.)"""
    path = os.fspath(folder / "pg" / SOCKET_NAME)
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and "," not in path


def make_state_folder(folder: Path) -> None:
    """Create it, or check that an existing one is ours, since anybody can write to /var/tmp.

    If we are root, the server's user can enter it (but not list it), because its own folder is inside.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=mode)
        folder.chmod(mode)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise DevError(
                f"{folder} belongs to another user, or is not a folder. Remove it, or work in another clone."
            ) from None


def make_secrets() -> dict[str, str]:
    """A new SECRET_KEY and a new Fernet key."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    }


def kept_secrets(folder: Path) -> dict[str, str]:
    """The secrets of a state folder. Creates them when the folder is new.

    Raises DevError when they are missing but there is data that was encrypted with them.
    """
    path = folder / "secrets.env"
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        if (folder / "pg" / "data").exists():
            raise DevError(
                f"{path} is missing, and the data beside it is encrypted with its keys. Put the file back, "
                f"or delete {folder} to start with an empty database."
            ) from None
        return _write_secrets(path)
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _write_secrets(path: Path) -> dict[str, str]:
    made = make_secrets()
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("# The data in this folder is encrypted with these keys: keep or delete both together.\n")
        file.writelines(f"{name}={value}\n" for name, value in made.items())
    new.rename(path)
    return made


def environment(database_url: str, secret_values: Mapping[str, str], *, var: Path | None = None) -> dict[str, str]:
    """The environment of the service's processes: our own, with defaults for what is not set."""
    web_port = os.environ.get("WEB_PORT", "8000")
    defaults = {
        **secret_values,
        "DJANGO_SETTINGS_MODULE": "callhooks_site.settings",
        "DATABASE_URL": database_url,
        "DEBUG": "true",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        # The demo receiver is on this machine, to which webhooks are not allowed in production.
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
        "CALLHOOKS_VAR": os.fspath(var or installation.development_home()),
        "WEB_PORT": web_port,
        "RECEIVER_PORT": "8001",
    }
    return {**defaults, **os.environ}
