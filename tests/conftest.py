from __future__ import annotations

import gc
import json
import sys
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from django.test import override_settings

from tests.support import long_tests
from tests.support.examples import choose_examples
from tests.support.longest import place_of
from tests.support.receiver import Receiver, running_receiver

# Each worker loads all tests and the whole service, and the garbage collector would look at every object of them again
# and again: a tenth of the CPU time of a run. So it is off until they are loaded, and does not look at them afterwards.
# What a test leaves behind it looks at less often than usual: that would be another twentieth.
gc.disable()
OBJECTS_BETWEEN_LOOKS = 10_000
choose_examples()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    """Mark tests before pytest leaves out what -m does not name, and sort them when nobody else does any more."""
    long_tests.mark_samples(items)
    whole_files = not any("::" in given for given in config.args)
    if whole_files and (faults := long_tests.faults(items)):
        raise pytest.UsageError("\n".join(faults))
    yield
    items.sort(key=lambda item: place_of(item.nodeid.split("::")[0]))


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
    gc.enable()


@pytest.fixture(autouse=True)
def _closed_connections() -> Iterator[None]:
    """The process keeps connections to receivers alive; those of a test end with it."""
    yield
    sender = sys.modules.get("subscriptions.delivery.webhook_client")
    if sender is not None:
        sender.close()


@pytest.fixture(autouse=True)
def _numbers_from_one() -> None:
    factories = sys.modules.get("tests.support.factories")
    if factories is not None:
        factories.restart_numbers()


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """A password's hash costs half a second on purpose; tests make many users."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True, scope="session")
def _bodies_fit_their_schema() -> Iterator[None]:
    """Whatever body a test makes, it is what its event type's JSON Schema says."""
    from jsonschema_rs import Draft202012Validator  # comes with schemathesis; 50 times as quick as jsonschema

    from subscriptions.events import catalogue, versions
    from subscriptions.events.payload_schemas import build_schema

    build_body, validators = catalogue.build_body, {}

    def check_and_build(
        event_type: Any, subject: Any, changes: list[str] | None = None, version: str = versions.DEFAULT
    ) -> bytes:
        body: bytes = build_body(event_type, subject, changes, version)
        serializer = catalogue.serializer_of(event_type, version)
        if serializer not in validators:
            validators[serializer] = Draft202012Validator(build_schema(serializer))
        validators[serializer].validate(json.loads(body))
        return body

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "build_body", check_and_build)
        yield


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running
