from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.receiver import Receiver, running_receiver


@pytest.fixture(autouse=True)
def _closed_connections() -> Iterator[None]:
    """The process keeps connections to receivers alive; those of a test end with it."""
    yield
    tasks = sys.modules.get("subscriptions.tasks")
    if tasks is not None and tasks.http_client.cache_info().currsize:
        tasks.http_client().close()
        tasks.http_client.cache_clear()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running
