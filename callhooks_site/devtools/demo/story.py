"""A story is a list of steps; a step is one request, the words for it and the events it must bring."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from .cast import Cast
from .settings import Tracker


@dataclass(frozen=True, slots=True)
class Step:
    """`events` fire when the API accepts this request, given that the steps before it were accepted."""

    words: str
    subject: str  # the call, text or form of this run that it is about
    method: Literal["POST", "PATCH"]
    kind: Literal["calls", "texts", "forms"]
    fields: dict[str, Any] = field(default_factory=dict)
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """What a story is told with: its people, the number that rings, and its name in this run."""

    cast: Cast
    tracker: Tracker
    subject: str


def moment(seconds_ago: float) -> str:
    """That long ago, as the API wants it: ISO 8601 with the offset of this machine's zone."""
    return (datetime.now().astimezone() - timedelta(seconds=seconds_ago)).isoformat(timespec="milliseconds")
