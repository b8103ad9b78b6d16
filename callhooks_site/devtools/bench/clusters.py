"""Starting the engine's cluster and the naive one, each as its own `manage.py qcluster` on its own database."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callhooks_site.devtools.state import PROJECT

from . import fixtures
from .place import Place, use, wait_for


@contextmanager
def running_engine(
    place: Place, database: str, *, authority: Path | None = None, **settings: str
) -> Iterator[int]:
    """The leader of the session of a cluster whose drains all wait for work."""
    from django.conf import settings as ours

    env = place.environment(database, **settings)
    if authority:
        module = "callhooks_site.devtools.bench.engine_settings"
        env |= {"DJANGO_SETTINGS_MODULE": module, "BENCH_CA_BUNDLE": str(authority)}
    with place.process("engine", ["manage.py", "qcluster"], env) as child, place.connection(database) as watch:

        def ready() -> bool:
            row = watch.execute("SELECT count(*) FROM subscriptions_drainslot WHERE beat_at > now() - interval '10 s'")
            (beating,) = row.fetchone() or (0,)
            return bool(beating >= ours.DELIVERY_DRAINS)

        wait_for(lambda: child.ended() or ready(), what="the engine's drains begin")
        if child.ended():
            raise RuntimeError("The engine's cluster ended:\n" + "\n".join(child.last_lines(60)))
        yield child.pid


@dataclass(slots=True)
class Naive:
    leader: int
    body: str
    database: str
    _publisher: subprocess.Popen[str]

    def subscribe(self, urls: Sequence[str]) -> list[int]:
        use(self.database)
        return fixtures.subscribe(fixtures.company(), urls, "post_call")

    def publish(self, subscriptions: Sequence[int], number: int) -> float:
        """Events with a delivery and a task for each. Returns when they were committed, by the monotonic clock."""
        assert self._publisher.stdin is not None
        assert self._publisher.stdout is not None
        asked = {"subscriptions": list(subscriptions), "number": number, "body": self.body}
        self._publisher.stdin.write(json.dumps(asked) + "\n")
        self._publisher.stdin.flush()
        return float(self._publisher.stdout.readline())


@contextmanager
def running_naive(place: Place, database: str) -> Iterator[Naive]:
    """The naive cluster and its publisher. It is ready when its first task is done: send one before measuring."""
    use(database)
    owner = fixtures.company()
    content = fixtures.body(owner, fixtures.tracker(owner))
    env = place.environment(database, DJANGO_SETTINGS_MODULE="callhooks_site.devtools.bench.naive_settings")
    with place.connection(database) as connection:
        connection.execute("DELETE FROM django_q_schedule")  # the engine's sweep
    command = [sys.executable, "-m", "callhooks_site.devtools.bench.naive_publisher"]
    publisher_env = {**env, "DATABASE_URL": place.databases.url_of(database, ours=True)}
    with (
        place.process("naive", ["manage.py", "qcluster"], env) as child,
        subprocess.Popen(
            command, cwd=PROJECT, env=publisher_env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as publisher,
    ):
        try:
            yield Naive(child.pid, base64.b64encode(content).decode(), database, publisher)
        finally:
            publisher.kill()
