"""`python -m tests.chaos`, which `./dev chaos` runs."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from callhooks_site.devtools.database import throw_away_server
from callhooks_site.devtools.ports import answers
from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.devtools.state import PROJECT, DevError
from callhooks_site.supervision.signals import StopSignals
from callhooks_site.supervision.supervisor import Supervisor
from tests.chaos import parts
from tests.chaos.kills import Killer
from tests.chaos.load import Load, Tenant
from tests.chaos.receiver import Receiver
from tests.chaos.verification import as_json, longest_recovery, quiet, verify

BETWEEN_KILLS = (0.5, 3.5)  # seconds
START_SECONDS = 60.0
QUIET_SECONDS = 180.0


class Interrupted(Exception):
    """Ctrl-C."""


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 when nothing is lost, forged or altered, and the audit is sound."""
    options = _options(arguments)
    seed = random.randrange(1_000_000) if options.seed is None else options.seed
    try:
        with StopSignals() as signals, throw_away_server("chaos", migrated=True) as server, Receiver() as receiver:
            result = Run(server, receiver, signals, seed, options.log).result(options.seconds, options.forger)
    except DevError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except Interrupted:
        return 130
    sys.stdout.write((json.dumps(result) if options.json else _table(result)) + "\n")
    return 0 if result["good"] else 1


class Run:
    def __init__(self, server: PostgresServer, receiver: Receiver, signals: StopSignals, seed: int, log: Path) -> None:
        self._server, self._receiver, self._signals, self._seed = server, receiver, signals, seed
        self._var = log
        log.mkdir(parents=True, exist_ok=True)
        for old in log.glob("*.log"):
            old.unlink()
        self._log = (log / "chaos.log").open("w")

    def result(self, seconds: float, forger: bool) -> dict[str, Any]:
        parts.make_durable(self._server)
        web_port = parts.free_port()
        env = parts.chaos_environment(self._server.url, web_port, self._var)
        tenants = [Tenant(**tenant) for tenant in parts.prepare(env, self._receiver.url, forger)["tenants"]]
        supervisor = Supervisor(
            parts.specs(env, self._var, web_port), signals=self._signals, say=self._say, longest_pause=1.0
        )
        killer = Killer(self._server, supervisor, self._receiver, self._var, random.Random(self._seed))
        load = Load(f"http://127.0.0.1:{web_port}/api/v1", tenants, self._seed)
        try:
            self._until(supervisor, START_SECONDS, lambda: answers(web_port), "The web server does not answer.")
            load.start()
            try:
                self._chaos(supervisor, killer, seconds)
            finally:
                load.stop()
            ended = time.monotonic()
            became_quiet = self._until(supervisor, QUIET_SECONDS, lambda: quiet(self._server.url))
            quiet_after = time.monotonic() - ended
            audit = json.loads(parts.manage(env, "audit", "--all", "--json", may_fail=True))
        finally:
            supervisor.stop()
        verification = verify(self._server.url, load.accepted.events, self._receiver.arrivals)
        recovery, kind = longest_recovery(killer.done, self._receiver.arrivals)
        return {
            "good": verification.good and audit["sound"] and became_quiet,
            "seconds": seconds,
            "seed": self._seed,
            "accepted": load.accepted.requests,
            "not_accepted": dict(load.accepted.failed),
            **as_json(verification),
            "kills": killer.count,
            "longest_recovery_seconds": round(recovery, 2),
            "longest_recovery_after": kind,
            "quiet": became_quiet,
            "quiet_after_seconds": round(quiet_after, 1),
            "audit": audit,
        }

    def _chaos(self, supervisor: Supervisor, killer: Killer, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        next_kill = time.monotonic() + 1.0
        while time.monotonic() < ends_at or not all(killer.count.values()):
            self._step(supervisor)
            if time.monotonic() >= next_kill:
                self._say(f"kill: {killer.kill_one()}")
                next_kill = time.monotonic() + killer.rng.uniform(*BETWEEN_KILLS)

    def _until(self, supervisor: Supervisor, seconds: float, condition: Any, otherwise: str = "") -> bool:
        give_up_at = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > give_up_at:
                if otherwise:
                    raise DevError(f"{otherwise} The logs are in {self._var}.")
                return False
            self._step(supervisor)
        return True

    def _step(self, supervisor: Supervisor) -> None:
        if self._signals.stops:
            raise Interrupted
        supervisor.step()
        supervisor.wait(0.1)

    def _say(self, text: str) -> None:
        self._log.write(f"{time.strftime('%H:%M:%S')} {text}\n")
        self._log.flush()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev chaos", description="Kill parts at random under load; is anything lost?"
    )
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of chaos (%(default)s), or until each part was killed once"
    )
    parser.add_argument("--seed", type=int, help="of the random choices: times and answers still differ")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument(
        "--no-forger",
        dest="forger",
        action="store_false",
        help="without the company whose receiver forges answers to the requests of others",
    )
    parser.add_argument("--log", type=Path, default=PROJECT / "var" / "chaos", help="folder of the logs (%(default)s)")
    return parser.parse_args(arguments)


def _table(result: dict[str, Any]) -> str:
    lines = []
    for name, value in result.items():
        if name == "examples":
            lines += [f"  {example}" for example in value]
        elif name == "audit":
            lines.append(f"{'audit':28}{'sound' if value['sound'] else 'NOT sound'}")
            lines += [f"  {check}" for check in value["checks"] if check["count"]]
        elif isinstance(value, dict):
            lines.append(f"{name.replace('_', ' '):28}{', '.join(f'{k} {v}' for k, v in value.items()) or 'none'}")
        elif name != "good":
            lines.append(f"{name.replace('_', ' '):28}{value}")
    lines.append("Nothing is lost or forged." if result["good"] else "NOT GOOD: see above.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
