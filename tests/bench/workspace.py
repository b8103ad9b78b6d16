"""Where a run takes workspace: its databases, its environment, its folder, and the clusters it starts."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from callhooks_site.devtools.state import PROJECT, environment, make_secrets
from callhooks_site.supervision.child import Child, ProcessSpec
from tests.bench.cpu import tree
from tests.bench.databases import Databases
from tests.bench.server import bench_server

READY_SECONDS = 240.0
# With DEBUG Django keeps every statement, bodies and all: only what measures `./dev run` has it on.
PRODUCTION = {
    "DEBUG": "false",
    "PUBLIC_URL": "https://callhooks.example.com",
    "ALLOWED_HOSTS": "callhooks.example.com",
}
DEVELOPMENT = {"DEBUG": "true", "PUBLIC_URL": "http://127.0.0.1:8000", "ALLOWED_HOSTS": "127.0.0.1"}


@dataclass(slots=True)
class Workspace:
    folder: Path
    env: dict[str, str]
    databases: Databases
    template: str = ""

    def database(self, purpose: str) -> str:
        """A new database with our tables, empty."""
        return self.databases.create(purpose, template=self.template)

    def environment(self, database: str, **more: str) -> dict[str, str]:
        return {**self.env, "DATABASE_URL": self.databases.url_of(database), **more}

    @contextmanager
    def connection(self, database: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection of our own, not counted, to look on with."""
        with psycopg.connect(self.databases.url_of(database, ours=True), autocommit=True) as connection:
            yield connection

    @contextmanager
    def process(self, name: str, command: list[str], env: dict[str, str]) -> Iterator[Child]:
        """A process that is killed in the end, with all that it started."""
        spec = ProcessSpec(name, [sys.executable, *command], env=env, cwd=PROJECT, log=self.folder / f"{name}.log")
        child = Child(spec)
        try:
            yield child
        finally:
            for one in tree(child.pid):  # a supervisor comes before what it would start again
                with suppress(ProcessLookupError):
                    os.kill(one.pid, signal.SIGKILL)
            child.clean_up()


@contextmanager
def bench_workspace(*, durable: bool = True) -> Iterator[Workspace]:
    """A server (see `bench_server`), a migrated template, and Django set up in this process. Raises DevError."""
    given = "DATABASE_URL" in os.environ
    with bench_server(durable=durable) as url, tempfile.TemporaryDirectory(prefix="callhooks-bench-") as folder:
        databases = Databases(url, thrown_away=not given)
        try:
            secrets = make_secrets()
            env = environment(url, secrets, var=Path(folder)) | secrets
            env |= {
                "DJANGO_SETTINGS_MODULE": "callhooks_site.settings",
                "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
                # All receivers of a bench are one host, and no victim.
                "DELIVERY_HOST_IN_FLIGHT": "0",
                "DELIVERY_HOST_RATE": "0",
                "SUBSCRIPTIONS_PER_COMPANY": "0",
                "WEBHOOK_REQUIRE_HTTPS": "false",
                "LOG_LEVEL": "WARNING",
                **PRODUCTION,
            }
            workspace = Workspace(Path(folder), env, databases)
            workspace.template = databases.create("template")
            os.environ.update(env, DATABASE_URL=databases.url_of(workspace.template, ours=True))
            _migrate()
            yield workspace
        finally:
            _disconnect()
            databases.close()


def use(database: str) -> None:
    """From now on this process's Django talks to that database."""
    from django.db import connection

    if connection.settings_dict["NAME"] != database:
        connection.close()
        connection.settings_dict["NAME"] = database


def wait_for(
    condition: Callable[[], bool], *, seconds: float = READY_SECONDS, every: float = 0.02, what: str = ""
) -> None:
    """Raises TimeoutError when the condition does not hold in time."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"Waited {seconds:g} s in vain: {what}.")
        time.sleep(every)


def _migrate() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    _disconnect()


def _disconnect() -> None:
    from django.db import connection

    connection.close()
