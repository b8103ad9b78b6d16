"""The real parts of a chaos run: what is started, and with which settings."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.devtools.state import PROJECT, DevError, environment, make_secrets
from callhooks_site.supervision.child import ProcessSpec

CLUSTERS = ("cluster-a", "cluster-b")
# Short, so that what a kill leaves behind is over within seconds instead of minutes.
SHORT_TIMES = {
    "WEBHOOK_CONNECT_TIMEOUT": "1",
    "WEBHOOK_TOTAL_TIMEOUT": "2",
    "DELIVERY_LEASE_SECONDS": "7",
    "RETRY_TIME_SCALE": "0.001",
    "POST_CALL_WAIT_SECONDS": "3",
}
SILENT_SECONDS = 8
GRACE_SECONDS = 5
GRACEFUL_SECONDS = 3  # of the web server, for requests under way
# Kills that come every two seconds are no reason to wait for longer and longer.
LONGEST_PAUSE = 1


def chaos_environment(database_url: str, web_port: int, var: Path) -> dict[str, str]:
    """Whatever else is set outside: this run's own database, secrets and short times."""
    ours = {
        **make_secrets(),
        **SHORT_TIMES,
        "DATABASE_URL": database_url,
        "DEBUG": "true",
        "ALLOWED_HOSTS": "127.0.0.1",
        "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "DELIVERY_HOST_RATE": "0",  # all receivers are one host
        "CALLHOOKS_VAR": os.fspath(var),
        "PYTHONUNBUFFERED": "1",
    }
    return {**environment(database_url, ours), **ours}


def make_durable(server: PostgresServer) -> None:
    """A throw-away server confirms a commit before it is written: then an immediate stop may lose it, rightly."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_commit = on")
        connection.execute("SELECT pg_reload_conf()")


def prepare(env: Mapping[str, str], receiver_url: str, forger: bool, project: Path = PROJECT) -> dict[str, Any]:
    """Migrate; companies with keys, numbers and subscriptions: see the command `prepare_chaos`."""
    arguments = [receiver_url, *(["--forger"] if forger else [])]
    prepared: dict[str, Any] = json.loads(manage(env, "prepare_chaos", *arguments, project=project))
    return prepared


def manage(env: Mapping[str, str], *arguments: str, may_fail: bool = False, project: Path = PROJECT) -> str:
    """The standard output of a manage.py command. Raises DevError when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], env=env, cwd=project, capture_output=True, text=True, check=False
    )
    if done.returncode and not may_fail:
        raise DevError(f"manage.py {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def specs(env: Mapping[str, str], var: Path, web_port: int) -> list[ProcessSpec]:
    return [web_spec(env, var, web_port), *(cluster_spec(env, var, name) for name in CLUSTERS)]


def web_spec(
    env: Mapping[str, str],
    var: Path,
    port: int,
    *,
    name: str = "web",
    project: Path = PROJECT,
    listening: Sequence[int] = (),
) -> ProcessSpec:
    """`project`: where the code is. `listening`: descriptors of sockets that listen already, instead of the port."""
    gunicorn = [sys.executable, "-m", "gunicorn", "callhooks_site.wsgi:application"]
    for address in [f"fd://{one}" for one in listening] or [f"127.0.0.1:{port}"]:
        gunicorn += ["--bind", address]
    gunicorn += ["--workers", "2", "--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
    gunicorn += ["--graceful-timeout", str(GRACEFUL_SECONDS)]
    grace = GRACE_SECONDS + GRACEFUL_SECONDS
    log = var / f"{name}.log"
    return ProcessSpec(name, gunicorn, env=env, cwd=project, log=log, grace=grace, pass_fds=listening)


def cluster_spec(
    env: Mapping[str, str], var: Path, name: str, *, project: Path = PROJECT, silent: float = SILENT_SECONDS
) -> ProcessSpec:
    cluster = [sys.executable, "manage.py", "cluster", "--silent", str(silent), "--grace", str(GRACE_SECONDS)]
    cluster += ["--longest-pause", str(LONGEST_PAUSE)]
    # The supervisor inside gets the time to kill its cluster.
    return ProcessSpec(name, cluster, env=env, cwd=project, log=var / f"{name}.log", grace=GRACE_SECONDS + 3)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
