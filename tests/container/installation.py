"""compose.yaml, run: migrations, then web server, cluster and nginx; the demo's day through all of them; their end."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.devtools.state import PROJECT, make_secrets
from tests.container import collector, composed, front
from tests.container.box import Box, Running
from tests.container.steps import Failed, require, run, step
from tests.hostile.certificates import new_authority, server_context, write_authority
from tests.support.waiting import wait_until

START_SECONDS = 180.0
EVENTS = 7  # of the demo's day, at least
# The demo takes no certificate authority from the environment; its own is that of the certificate here.
DEMO = """
import sys, requests.adapters
requests.adapters.DEFAULT_CA_BUNDLE_PATH = sys.argv[1]
from callhooks_site.devtools.demo.__main__ import main
sys.exit(main(["--fast"]))
"""
INSIDE = "postgres://callhooks@/callhooks?host=%2Ftmp%2Fpostgresql&port=5432"


class Installation:
    """`image_env`: the environment that the image sets."""

    def __init__(
        self, root: Path, image_env: dict[str, str], server: PostgresServer, network: str, work: Path, log: Path
    ) -> None:
        self._network, self._work, self._log = network, work, log
        self._image_env = image_env
        sockets = open_socket(server, work)
        self._box = Box(root, network, sockets, log)
        self._server = server
        # What docs/containers.md has people write, and that the demo's receiver is on this machine, without TLS.
        self._dot_env = {
            **make_secrets(),
            "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
            "PUBLIC_HOST": "127.0.0.1",
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "WEBHOOK_REQUIRE_HTTPS": "false",
        }
        self._services = composed.read(self._dot_env)
        # Nothing maps port 443 to nginx's here, and no engine's resolver knows `database`.
        self._changed = {"PUBLIC_URL": f"https://127.0.0.1:{front.PORT}", "DATABASE_URL": INSIDE}
        self._traced = {**self._changed, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL}

    def deliver_a_day(self) -> None:
        with contextlib.ExitStack() as stack:
            with step("migrations, as a service that ends"):
                code = self._start("migrate").wait(START_SECONDS)
                require(code == 0, f"migrate ended with {code}: see {self._log}/migrate.log")
            with step("the demo's company"):
                self._on_the_host(["manage.py", "prepare_demo"], name="prepare")
            traces = self._log / "traces.txt"
            collecting = self._beside("collector", ["-m", "tests.container.collector", os.fspath(traces)])
            stack.callback(collecting.kill)
            wait_until(lambda: collecting.alive() and traces.exists())
            with step("web server and cluster start, and say that they are healthy"):
                web, cluster = self._start("web"), self._start("cluster")
                stack.callback(web.kill)
                stack.callback(cluster.kill)
                certificate = self._certificate()
                nginx = front.start(self._services["nginx"], certificate, self._network, self._work, self._log)
                stack.callback(nginx.kill)
                wait_until(lambda: web.alive() and self._check("web", ["callhooks", "check_web"]), every=1.0)
                health = self._services["cluster"].health[1:]
                wait_until(lambda: cluster.alive() and self._check("cluster", health), every=1.0)
            with step("the demo's day arrives: through nginx with TLS, web server, cluster and receiver"):
                receiver = self._beside("receiver", ["-m", "callhooks_site.devtools.receiver"])
                stack.callback(receiver.kill)
                wait_until(lambda: receiver.alive() and "Receiver on" in receiver.log.read_text())
                said = self._on_the_host(["-c", DEMO, os.fspath(self._work / "authority.pem")], name="demo")
                require("All seven events arrived" in said, f"The demo says:\n{said}")
            with step("each stops by itself at SIGTERM"):
                for part in (nginx, web, cluster):
                    part.alive()
                codes = {part.name: part.stop() for part in (web, cluster)}
                require(set(codes.values()) == {0}, f"The exit codes are {codes}; see {self._log}.")
                found = collector.whole_traces(traces)
                require(found >= EVENTS, f"Of {EVENTS} kinds of events {found} have a trace: see {traces}.")

    def _start(self, name: str) -> Running:
        return self._box.start(name, self._services[name], {**self._image_env, **self._traced})

    def _check(self, name: str, command: list[str]) -> bool:
        """What the engine would run as the health check of this service."""
        check = self._box.start(f"{name}-health", self._services[name], {**self._image_env, **self._changed}, command)
        return check.wait(60.0) == 0

    def _certificate(self) -> Path:
        authority = new_authority()
        write_authority(authority, self._work)
        server_context(self._work, authority, names=("127.0.0.1",), common="127.0.0.1")
        return self._work / "server.pem"

    def _host_env(self) -> dict[str, str]:
        """For the demo: this machine's Python, in the containers' network, on the same database with the same keys."""
        return {
            **os.environ,
            **self._dot_env,
            **self._changed,
            "DATABASE_URL": self._server.url,
            "DEBUG": "true",
            "DEMO_VERSIONS": "article",
            "CALLHOOKS_VAR": os.fspath(self._log),
            "RECEIVER_PORT": "8001",
        }

    def _on_the_host(self, arguments: list[str], *, name: str) -> str:
        said = run(self._in_network(arguments), env=self._host_env(), cwd=PROJECT)
        (self._log / f"{name}.log").write_text(said)
        return said

    def _beside(self, name: str, arguments: list[str]) -> Running:
        """This machine's Python in the containers' network, while they run."""
        log = self._log / f"{name}.log"
        command: list[Any] = self._in_network(arguments)
        with log.open("ab") as output:
            process = subprocess.Popen(command, env=self._host_env(), cwd=PROJECT, stdout=output, stderr=output)
        return Running(name, process, log)

    def _in_network(self, arguments: list[str]) -> list[str]:
        return ["ip", "netns", "exec", self._network, sys.executable, *arguments]


def open_socket(server: PostgresServer, work: Path) -> Path:
    """Restart the server with a second socket, which the service's user may use. Returns that socket's folder."""
    folder = work / "sockets"
    folder.mkdir()
    folder.chmod(0o777)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET unix_socket_directories = '{server.folder}', '{folder}'")
        connection.execute("ALTER SYSTEM SET unix_socket_permissions = '0777'")
    server.stop()
    server.start()
    if not list(folder.iterdir()):
        raise Failed(f"PostgreSQL made no socket in {folder}")
    return folder
