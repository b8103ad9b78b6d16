from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from subscriptions.delivery.http.client import Client
from tests.support.waiting import PATIENCE

LOOPBACK = ("127.0.0.0/8",)

_watchers: list[list[Any]] = []


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _watchers:
        for watcher in _watchers:
            watcher.append(args[1])


sys.addaudithook(_watch)  # cannot be taken off again: without a watcher it does nothing


@pytest.fixture
def dialled() -> Iterator[list[Any]]:
    """Every address that a socket of this process was told to connect to during the test."""
    seen: list[Any] = []
    _watchers.append(seen)
    yield seen
    _watchers.remove(seen)


@pytest.fixture
def make_client() -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def make(**options: Any) -> Client:
        settings = {"allowed_networks": LOOPBACK, "connect_timeout": PATIENCE, "total_timeout": PATIENCE} | options
        clients.append(Client(**settings))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    """A client that may talk to 127.0.0.1."""
    return make_client()
