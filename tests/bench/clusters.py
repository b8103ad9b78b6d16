"""Starting the engine's cluster and the naive one, each as its own `manage.py qcluster` on its own database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import fixtures
from tests.bench.helpers import Helper, helper
from tests.bench.workspace import Workspace, use, wait_for


@contextmanager
def running_engine(
    workspace: Workspace, database: str, *, authority: Path | None = None, **settings: str
) -> Iterator[int]:
    """The main process of a cluster as it is installed, under its supervisor, when all of its drains wait for work."""
    from django.conf import settings as ours

    if authority:
        settings["WEBHOOK_CA_BUNDLE"] = str(authority)
    env = workspace.environment(database, **settings)
    drains = int(settings.get("DELIVERY_DRAINS", ours.DELIVERY_DRAINS))
    with workspace.process("engine", ["manage.py", "cluster"], env) as child, workspace.connection(database) as watch:

        def ready() -> bool:
            row = watch.execute("SELECT count(*) FROM subscriptions_drainslot WHERE beat_at > now() - interval '10 s'")
            (beating,) = row.fetchone() or (0,)
            return bool(beating >= drains)

        wait_for(lambda: child.ended() or ready(), what="the engine's drains begin")
        if child.ended():
            raise RuntimeError("The engine's cluster ended:\n" + "\n".join(child.last_lines(40)))
        yield child.pid


@dataclass(slots=True)
class Naive:
    pid: int
    body: str
    database: str
    _publisher: Helper

    def subscribe(self, urls: Sequence[str]) -> list[int]:
        use(self.database)
        return fixtures.subscribe(fixtures.company(), urls, "post_call")

    def publish(self, subscriptions: Sequence[int], number: int) -> float:
        """Events with a delivery and a task for each. Returns when their COMMIT began, by the monotonic clock."""
        asked = {"subscriptions": list(subscriptions), "number": number, "body": self.body}
        return float(self._publisher.ask(json.dumps(asked)))


@contextmanager
def running_naive(workspace: Workspace, database: str) -> Iterator[Naive]:
    """The naive cluster and its publisher. It is ready when its first task is done: send one before measuring."""
    use(database)
    owner = fixtures.company()
    content = fixtures.body(owner, fixtures.tracker(owner))
    env = workspace.environment(database, DJANGO_SETTINGS_MODULE="tests.bench.naive_settings")
    with workspace.connection(database) as connection:
        connection.execute("DELETE FROM django_q_schedule")  # the engine's sweep
    publisher_env = {**env, "DATABASE_URL": workspace.databases.url_of(database, ours=True)}
    with (
        workspace.process("naive", ["manage.py", "qcluster"], env) as child,
        helper("naive_publisher", env=publisher_env) as publisher,
    ):
        yield Naive(child.pid, base64.b64encode(content).decode(), database, publisher)
