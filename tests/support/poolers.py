"""A real PgBouncer on a socket of its own, in front of the test's database."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from callhooks_site.devtools.pg_binaries import server_account
from tests.support.waiting import wait_until

PORT = 6432
CONFIG = """
[databases]
* = host={host} port={port}
[pgbouncer]
unix_socket_dir = {folder}
listen_port = {own_port}
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = {mode}
default_pool_size = {size}
server_round_robin = {round_robin}
log_connections = 0
log_disconnections = 0
"""


@contextmanager
def running_pooler(mode: str = "transaction", *, size: int = 3, round_robin: int = 0) -> Iterator[Pooler]:
    """Skips the test, with words, where there is no PgBouncer. `size`: its connections to the database."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is missing (Debian, Ubuntu: apt install pgbouncer): poolers are NOT tested.")
    server = connection.settings_dict | connection.settings_dict["OPTIONS"]
    account = server_account()
    with tempfile.TemporaryDirectory(prefix="callhooks-pooler-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "users.txt").write_text(f'"{server["USER"]}" ""\n')
        (folder / "pgbouncer.ini").write_text(
            CONFIG.format(
                host=server.get("host") or server["HOST"],
                port=server.get("port") or server["PORT"] or 5432,
                folder=folder,
                own_port=PORT,
                mode=mode,
                size=size,
                round_robin=round_robin,
            )
        )
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, folder / "pgbouncer.ini"], stdout=log, stderr=log, **account.popen())
            try:
                wait_until((folder / f".s.PGSQL.{PORT}").exists)
                yield Pooler(folder, str(server["USER"]), str(connection.settings_dict["NAME"]))
            finally:
                process.terminate()
                process.wait(60)


class Pooler:
    def __init__(self, folder: Path, user: str, database: str) -> None:
        self._folder, self._user, self._database = folder, user, database

    @property
    def url(self) -> str:
        host = quote(os.fspath(self._folder), safe="")
        return f"postgres://{self._user}@/{self._database}?host={host}&port={PORT}"

    @property
    def settings(self) -> dict[str, Any]:
        """As in DATABASES."""
        from callhooks_site.databases import parse_database_url

        return parse_database_url("DATABASE_URL", self.url)
