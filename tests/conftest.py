from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from django.test import override_settings

from tests.receiver import Receiver, running_receiver


@pytest.fixture(autouse=True)
def _closed_connections() -> Iterator[None]:
    """The process keeps connections to receivers alive; those of a test end with it."""
    yield
    sender = sys.modules.get("subscriptions.sender")
    if sender is not None:
        sender.close()


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """A password's hash costs half a second on purpose; tests make many users."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running
