"""A real cluster in processes of its own, on the test's database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def database_url() -> str:
    """The test database, for another process."""
    values = connection.settings_dict
    options = {key: value for key, value in values["OPTIONS"].items() if key in ("host", "port")}
    host = values["HOST"] or options.get("host", "")
    port = values["PORT"] or options.get("port", "")
    query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in (("host", host), ("port", port)) if value)
    login = quote(values["USER"]) + (f":{quote(values['PASSWORD'])}" if values["PASSWORD"] else "")
    return f"postgres://{login}@/{values['NAME']}?{query}"


def environment(**changes: str) -> dict[str, str]:
    """Of the service's processes: on the test's database, and in a hurry."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
        "SECRET_KEY": settings.SECRET_KEY,
        # Short, so that a test sees a killed drain's leases end.
        "WEBHOOK_TOTAL_TIMEOUT": "2",
        "WEBHOOK_CONNECT_TIMEOUT": "2",
        "DELIVERY_LEASE_SECONDS": "7",
        # A few requests that time out on a busy machine cost seconds, not minutes.
        "RETRY_TIME_SCALE": "0.01",
        **changes,
    }


class Cluster:
    """`manage.py qcluster` in a session of its own: its whole process group can be killed at once."""

    def __init__(self, log: Path, **changes: str) -> None:
        self._log = log
        self._environment = environment(**changes)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "qcluster"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to every process of it at once."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(120)

    def stop(self) -> int:
        """SIGTERM to the main process alone, as systemd does; returns its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(120)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid


@contextmanager
def running_cluster(log: Path, **changes: str) -> Iterator[Cluster]:
    cluster = Cluster(log, **changes)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.kill()
