"""`./dev run`: PostgreSQL, then web server, cluster and demo receiver under one supervisor, until Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from callhooks_site.devtools.database import lasting_database
from callhooks_site.devtools.locks import FileLock
from callhooks_site.devtools.ports import answers, claim_ports
from callhooks_site.devtools.state import (
    PROJECT,
    DevError,
    environment,
    kept_secrets,
    make_state_folder,
    state_folder,
)
from callhooks_site.installation import PROGRAM
from callhooks_site.supervision.child import Child, ProcessSpec
from callhooks_site.supervision.signals import StopSignals
from callhooks_site.supervision.supervisor import Supervisor

LARGEST_LOG = 10_000_000  # bytes
WEB_LATE_AFTER = 30.0  # seconds


def main() -> int:
    """Returns the exit code: 0 after Ctrl-C, 1 if it could not start."""
    try:
        with StopSignals() as signals:
            _run(signals)
    except DevError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _run(signals: StopSignals) -> None:
    state = state_folder("run")
    make_state_folder(state)
    with FileLock(state / "run.lock") as only_one:
        if not only_one.try_exclusive():
            raise DevError(f"{PROGRAM} run already runs here. Stop that one first (Ctrl-C in its terminal).")
        web_port, receiver_port = claim_ports()
        secrets = kept_secrets(state)
        say("Starting Callhooks ...")
        with lasting_database(state) as url:
            env = environment(url, secrets)
            var = Path(env["CALLHOOKS_VAR"])
            var.mkdir(parents=True, exist_ok=True)
            if signals.stops or not _prepare(env, var, signals):
                return
            demo = json.loads((var / "demo.json").read_text())
            supervisor = Supervisor(process_specs(env, var, web_port), signals=signals, say=say)
            try:
                if _wait_for_web(supervisor, signals, web_port, var):
                    say(welcome(demo, web_port, receiver_port, var))
                supervisor.run()
            finally:
                supervisor.stop()
    say("Stopped.")


def process_specs(env: Mapping[str, str], var: Path, web_port: int) -> list[ProcessSpec]:
    """Web server, cluster and receiver. The receiver writes to our own output."""
    gunicorn = ["gunicorn", "callhooks_site.wsgi:application", "--bind", f"127.0.0.1:{web_port}"]
    gunicorn += ["--config", os.fspath(PROJECT / "gunicorn.conf.py"), "--workers", "2"]
    gunicorn += ["--graceful-timeout", "3", "--access-logfile", "-"]
    commands: list[tuple[str, list[str], Path | None, float]] = [
        ("web", ["-m", *gunicorn], var / "web.log", 5.0),
        # It supervises the cluster itself, and gives drains time to finish their requests.
        ("cluster", ["manage.py", "cluster"], var / "cluster.log", 30.0),
        ("receiver", ["-m", "callhooks_site.devtools.receiver"], None, 5.0),
    ]
    for _, _, log, _ in commands:
        if log and log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
    return [
        ProcessSpec(name, [sys.executable, *arguments], env=env, cwd=PROJECT, log=log, grace=grace)
        for name, arguments, log, grace in commands
    ]


def welcome(demo: Mapping[str, str], web_port: int, receiver_port: int, var: Path) -> str:
    """The text for the terminal after the start."""
    web, receiver = f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{receiver_port}/"
    shown = os.path.relpath(var) if var.is_relative_to(PROJECT) else os.fspath(var)
    return f"""
Callhooks is running.

  Admin      {demo.get("admin_url", f"{web}/admin/")}
             user {demo.get("user", "?")}   password {demo.get("password", "?")}
  API        {demo.get("api_url", f"{web}/api/")}
             key {demo.get("api_key", "?")}
  Receiver   {demo.get("receiver_url", receiver)}
             shows each webhook below and keeps it in {shown}/receiver.jsonl
  Logs       {shown}/web.log   {shown}/cluster.log

What to do next
  - In another terminal: {PROGRAM} demo   sends an ordinary day; all seven events arrive here.
  - In the admin: open a call, change its note and save; a call_modified arrives here.

Ctrl-C stops everything.
"""


def say(text: str) -> None:
    """Print to the terminal. A terminal that was closed must not prevent a clean stop."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _prepare(env: Mapping[str, str], var: Path, signals: StopSignals) -> bool:
    """Migrate and create the demo company; False after a stop signal. Raises DevError."""
    spec = ProcessSpec(
        "prepare_demo",
        [sys.executable, "manage.py", "prepare_demo"],
        env=env,
        cwd=PROJECT,
        log=var / "prepare.log",
    )
    child = Child(spec)
    try:
        while not child.ended():
            if signals.stops:
                return False
            signals.wait(1.0)
    finally:
        child.clean_up()
    if child.returncode != 0:
        end = "\n".join(f"    {line}" for line in child.last_lines(20))
        raise DevError(f"The database could not be prepared: manage.py prepare_demo {child.reason()}:\n{end}")
    return True


def _wait_for_web(supervisor: Supervisor, signals: StopSignals, port: int, var: Path) -> bool:
    """Wait until /healthz answers 200; False after a stop signal."""
    started, told = time.monotonic(), False
    while not signals.stops:
        supervisor.step()
        if answers(port):
            return True
        if not told and time.monotonic() - started > WEB_LATE_AFTER:
            told = True
            say(f"The web server does not answer yet; see {var / 'web.log'}. Still trying.")
        supervisor.wait(0.05)
    return False


if __name__ == "__main__":
    sys.exit(main())
