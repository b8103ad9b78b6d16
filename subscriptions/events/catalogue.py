"""The event catalogue: the types of events, when each fires, and the serializer for its body.

Producer apps register their types in `AppConfig.ready`; this module imports none of them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.urls import reverse
from rest_framework.serializers import BaseSerializer

from . import versions


class Subject(Protocol):
    """What an event is about: a call, a text or a form. (The models import this module, so it cannot import them.)"""

    resource_id: str


class Told(NamedTuple):
    """What is stored of a past event: what it was about, and its body; an empty one if that cannot be read."""

    subject_id: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class EventType:
    name: str  # as in the header `Callhooks-Event` and in a subscription's list
    label: str
    fires: str  # when it fires, in a sentence for people
    serializer: type[BaseSerializer[Any]]  # of its body, where a payload version has none of its own (`versions`)
    once: bool = True  # at most once per subject
    # What conditions of subscriptions may ask of a subject (`conditions.py`), by name.
    facts: Callable[[Any], dict[str, Any]] | None = None
    # The same facts of events of the past, as their bodies tell them; `conditions.UNKNOWN` for those that are gone.
    past_facts: Callable[[Sequence[Told]], list[dict[str, Any]]] | None = None
    # Of events that a subscription can ask for by direction: that of the subject.
    direction: Callable[[Any], str] | None = None
    # Builds an example subject for a company, never saved: for the catalogue and for test events.
    example: Callable[[Any], Any] | None = None
    # It tells what became of webhooks (`delivery_events.py`), not of a call, text or form.
    about_delivery: bool = False

    @property
    def has_changes(self) -> bool:
        """Whether its body ends with the names of what changed."""
        return not self.once and not self.about_delivery


@dataclass(frozen=True)
class SubjectKind:
    """`publish_due` publishes whatever is due for the subjects with these resource ids. The sweep calls it when a
    subject's wait is over. It must be safe to call at any time, any number of times."""

    name: str
    publish_due: Callable[[list[str]], None]
    # The subject with this resource id as it is now, with all that bodies tell of it; None if there is none.
    read: Callable[[str], Any]
    # The URL's name of its page, for people, by its resource id.
    page: str = ""


_types: dict[str, EventType] = {}
_kinds: dict[str, SubjectKind] = {}
_kind_of: dict[str, str] = {}
_more_labels: dict[str, str] = {}
_per_thread = threading.local()


def register(kind: SubjectKind, types: Iterable[EventType]) -> None:
    _kinds[kind.name] = kind
    for event_type in types:
        _types[event_type.name] = event_type
        _kind_of[event_type.name] = kind.name


def register_labels(labels: Mapping[str, str]) -> None:
    """Of events that nobody can ask for."""
    _more_labels.update(labels)


def all_types() -> list[EventType]:
    """Every type, those about delivery last."""
    return sorted(_types.values(), key=lambda event_type: event_type.about_delivery)


def main_types() -> list[EventType]:
    """The types of calls, texts and forms: what “all events” means. Those about delivery are asked for by name."""
    return [event_type for event_type in _types.values() if not event_type.about_delivery]


def get(name: str) -> EventType:
    try:
        return _types[name]
    except KeyError:
        raise LookupError(f"No event type {name!r}; known are {', '.join(_types)}.") from None


def label(name: str) -> str:
    """The label of a type, or the name itself for one that is neither in the catalogue nor an alert."""
    return _types[name].label if name in _types else _more_labels.get(name, name)


def kind(name: str) -> SubjectKind:
    return _kinds[name]


def kind_of(type_name: str) -> str:
    """What an event of this type is about: the name of its kind, such as `call`."""
    return _kind_of[type_name]


def link_of(type_name: str, subject_id: str) -> str:
    """The page of an event's subject; empty if it has none."""
    page = _kinds[_kind_of[type_name]].page if type_name in _kind_of else ""
    return settings.PUBLIC_URL + reverse(page, args=[subject_id]) if page else ""


def build_example(event_type: EventType, company: Any, version: str = versions.DEFAULT) -> tuple[Any, bytes] | None:
    """An example subject of the company and the body of its event; None for a type that has no example."""
    if event_type.example is None:
        return None
    subject = event_type.example(company)
    return subject, build_body(event_type, subject, ["tags", "note"] if event_type.has_changes else None, version)


def serializer_of(event_type: EventType, version: str) -> type[BaseSerializer[Any]]:
    """The serializer of the bodies of this type in a payload version."""
    return versions.get(version).payloads.get(event_type.name, event_type.serializer)


def build_body(
    event_type: EventType, subject: Subject, changes: list[str] | None = None, version: str = versions.DEFAULT
) -> bytes:
    """The body of an event in a payload version, as the bytes to be stored, signed and sent: compact UTF-8 JSON."""
    # Building a serializer's fields takes longer than using them, so each thread keeps one instance per type.
    cache: dict[tuple[str, str], BaseSerializer[Any]] = _per_thread.__dict__.setdefault("serializers", {})
    serializer = cache.get((event_type.name, version))
    if serializer is None:
        serializer = cache[event_type.name, version] = serializer_of(event_type, version)()
    payload = serializer.to_representation(subject)
    if changes is not None:
        payload["changes"] = versions.get(version).name_changes(changes)
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
