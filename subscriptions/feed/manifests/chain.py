"""Whether the manifests that are stored follow from one another."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from ...models import Manifest, Subscription
from .documents import digest


class Chained(enum.Enum):
    FIRST = "first"  # none was made before it
    SOUND = "sound"
    DELETED = "deleted"  # the one before it has expired
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Link:
    manifest: Manifest
    outcomes: dict[str, int]
    chained: Chained


def read_links(subscription: Subscription, *, before: date | None, most: int) -> tuple[list[Link], bool]:
    """The newest manifests before a day, newest first, and whether there are older ones."""
    rows = Manifest.objects.filter(subscription=subscription).exclude(document=b"").order_by("-day")
    if before is not None:
        rows = rows.filter(day__lt=before)
    found = list(rows[: most + 1])
    links = [_link(subscription, one, previous) for one, previous in zip_longest(found, found[1:])]
    return links[:most], len(found) > most


def _link(subscription: Subscription, manifest: Manifest, previous: Manifest | None) -> Link:
    document = _read(manifest)
    outcomes = document.get("outcomes")
    itself = (document.get("subscription"), document.get("day"), document.get("number"), document.get("events"))
    if itself != (subscription.resource_id, manifest.day.isoformat(), manifest.number, manifest.events):
        chained = Chained.BROKEN
    else:
        chained = _chained(manifest, document.get("previous"), previous)
    return Link(manifest, outcomes if isinstance(outcomes, dict) else {}, chained)


def _chained(manifest: Manifest, named: Any, previous: Manifest | None) -> Chained:
    if previous is not None:
        sound = named == {"day": previous.day.isoformat(), "sha256": digest(previous)}
        return Chained.SOUND if sound and manifest.number == previous.number + 1 else Chained.BROKEN
    if named is None:
        return Chained.FIRST if manifest.number == 1 else Chained.BROKEN
    return Chained.DELETED if manifest.number > 1 else Chained.BROKEN


def _read(manifest: Manifest) -> dict[str, Any]:
    try:
        document = json.loads(bytes(manifest.document))
    except ValueError:  # somebody changed the row
        return {}
    return document if isinstance(document, dict) else {}
