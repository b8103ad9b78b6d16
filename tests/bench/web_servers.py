"""The web server of a bench: gunicorn as it is installed (deploy/systemd), on a port of this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.request import urlopen

from tests.bench.workspace import Workspace, wait_for

WORKERS = 3
THREADS = 4
# Each worker loads the whole service: fewer jobs than this for each are not worth its start.
LEAST_PER_WORKER = 100


@dataclass(frozen=True, slots=True)
class WebServer:
    pid: int
    port: int


def workers_for(jobs: int) -> int:
    return min(WORKERS, max(1, jobs // LEAST_PER_WORKER))


@contextmanager
def running_web_server(
    workspace: Workspace, database: str, name: str, *, workers: int = WORKERS, **settings: str
) -> Iterator[WebServer]:
    """When it answers. `name`: of its process in messages."""
    port = _free_port()
    command = [
        "-m", "gunicorn", "callhooks_site.wsgi:application", "--bind", f"127.0.0.1:{port}", "--workers", str(workers),
        "--worker-class", "gthread", "--threads", str(THREADS), "--no-control-socket",
    ]  # fmt: skip
    plain_http = {"SECURE_SSL_REDIRECT": "false", "ALLOWED_HOSTS": "127.0.0.1"}
    env = workspace.environment(database, **plain_http, **settings)
    with workspace.process(name, command, env) as child:

        def answers() -> bool:
            try:
                urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
            except OSError as error:
                return getattr(error, "code", 0) == 404  # a bare site has no such page
            return True

        wait_for(lambda: child.ended() or answers(), what=f"the web server {name} answers")
        if child.ended():
            raise RuntimeError("The web server ended:\n" + "\n".join(child.last_lines(40)))
        yield WebServer(child.pid, port)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
