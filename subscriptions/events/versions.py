"""Payload versions: which bodies a subscription gets. Each subscription has one, and each delivery keeps the one that
its subscription had when the event happened. `callhooks_site.payload_versions` has the table of them; this module
imports no producer and no model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework.serializers import BaseSerializer

DEFAULT = "article"
LONGEST_NAME = 10


@dataclass(frozen=True)
class PayloadVersion:
    name: str  # as in a subscription's `payload_version`
    label: str
    about: str  # for whom it is, in a sentence for people
    # Event type → the serializer of its body. A type that is not here has the body that it declares itself.
    payloads: Mapping[str, type[BaseSerializer[Any]]] = field(default_factory=dict)
    # What this version calls the changes of a Call Modified. An event of which nothing is left is not sent in it.
    name_changes: Callable[[list[str]], list[str]] = list


_versions: dict[str, PayloadVersion] = {}


def register(versions: Iterable[PayloadVersion]) -> None:
    for version in versions:
        if len(version.name) > LONGEST_NAME:
            raise ValueError(f"The name of a payload version has at most {LONGEST_NAME} characters: {version.name!r}.")
        _versions[version.name] = version


def all_versions() -> list[PayloadVersion]:
    return list(_versions.values())


def choices() -> list[tuple[str, str]]:
    return [(version.name, version.label) for version in _versions.values()]


def get(name: str) -> PayloadVersion:
    """Raises LookupError."""
    try:
        return _versions[name]
    except KeyError:
        raise LookupError(f"No payload version {name!r}; known are {', '.join(_versions)}.") from None


def validate(name: str) -> None:
    """A validator of model fields. Raises ValueError."""
    if name not in _versions:
        raise ValueError(f"“{name}” is no payload version. Use one of: {', '.join(_versions)}.")


def that_tell(changes: list[str] | None) -> list[str] | None:
    """The names of the versions in which an event with these changes is sent; None: all of them."""
    if changes is None:
        return None
    telling = [name for name, version in _versions.items() if version.name_changes(changes)]
    return None if len(telling) == len(_versions) else telling
