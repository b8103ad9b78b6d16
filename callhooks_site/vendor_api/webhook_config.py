"""An integration's config, `{"post_call_webhook": ["https://…"], …}`, and the subscriptions that it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from subscriptions.endpoints.rules import validate_url
from subscriptions.models import Subscription

from .errors import BadRequest

Direction = Subscription.CallDirection
MOST_URLS = 100

# Key of the config → our event, and whose calls it is about.
KEYS: dict[str, tuple[str, str]] = {
    "pre_call_webhook": ("pre_call", ""),
    "answered_call_webhook": ("call_routing_complete", ""),
    "post_call_webhook": ("post_call", Direction.INBOUND.value),
    "updated_call_webhook": ("call_modified", Direction.INBOUND.value),
    "post_outbound_call_webhook": ("post_call", Direction.OUTBOUND.value),
    "updated_outbound_call_webhook": ("call_modified", Direction.OUTBOUND.value),
    "sms_received_webhook": ("text_message_received", ""),
    "sms_sent_webhook": ("text_message_sent", ""),
    "form_captured_webhook": ("form_submission", ""),
}
EVENTS = frozenset(event for event, _ in KEYS.values())


@dataclass(frozen=True)
class Part:
    """What one subscription has to be: these events of calls in this direction."""

    events: frozenset[str]
    direction: str = Direction.BOTH.value


@dataclass
class _Wanted:
    inbound: set[str] = field(default_factory=set)
    outbound: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)


def config_of(subscriptions: Iterable[Subscription]) -> dict[str, list[str]]:
    """All keys, each with the URLs that get it, oldest first."""
    config: dict[str, list[str]] = {key: [] for key in KEYS}
    for subscription in subscriptions:
        for key, (event, direction) in KEYS.items():
            wanted = not direction or subscription.call_direction in (Direction.BOTH, direction)
            if event in subscription.events and wanted and subscription.url not in config[key]:
                config[key].append(subscription.url)
    return config


def checked(config: Any) -> dict[str, list[str]]:
    """The config as it is stored; keys that are not known are ignored. Raises BadRequest."""
    if not isinstance(config, Mapping):
        raise BadRequest("config must be an object of lists of URLs.")
    urls: dict[str, list[str]] = {}
    for key in KEYS:
        given = config.get(key) or []
        if not isinstance(given, list) or not all(isinstance(url, str) for url in given):
            raise BadRequest(f"{key} must be a list of URLs.")
        try:
            urls[key] = list(dict.fromkeys(validate_url(url) for url in given))
        except ValueError as error:
            raise BadRequest(f"{key}: {error}") from None
    if len({url for several in urls.values() for url in several}) > MOST_URLS:
        raise BadRequest(f"An integration has at most {MOST_URLS} URLs.")
    return urls


def parts_of(config: Mapping[str, list[str]]) -> dict[str, list[Part]]:
    """URL → the subscriptions that it needs: one, or more where its inbound and outbound calls differ."""
    wanted: dict[str, _Wanted] = {}
    for key, (event, direction) in KEYS.items():
        for url in config[key]:
            each = wanted.setdefault(url, _Wanted())
            {Direction.INBOUND.value: each.inbound, Direction.OUTBOUND.value: each.outbound}.get(
                direction, each.others
            ).add(event)
    return {url: list(_parts(each)) for url, each in wanted.items()}


def _parts(wanted: _Wanted) -> Iterable[Part]:
    both = wanted.inbound & wanted.outbound
    by_direction = {
        Direction.BOTH.value: both,
        Direction.INBOUND.value: wanted.inbound - both,
        Direction.OUTBOUND.value: wanted.outbound - both,
    }
    others = wanted.others
    for direction, events in by_direction.items():
        if events:
            yield Part(frozenset(events | others), direction)
            others = set()
    if others:
        yield Part(frozenset(others))
