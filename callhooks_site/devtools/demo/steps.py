"""A step is one request, with a sentence about it and the events that it must cause."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from .people import RandomPeople
from .settings import MEDIA_URL, Tracker


@dataclass(frozen=True, slots=True)
class Step:
    """`events` fire when the API accepts this request, after having accepted the previous steps."""

    words: str
    subject: str  # our name for the call, text or form that it is about
    method: Literal["POST", "PATCH"]
    kind: Literal["calls", "texts", "forms"]
    fields: dict[str, Any] = field(default_factory=dict)
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """The setting of some steps: people, the tracking number that is called, a unique name, and who has recordings."""

    people: RandomPeople
    tracker: Tracker
    subject: str
    media_url: str = MEDIA_URL

    def recording(self, seconds: int) -> dict[str, Any]:
        """The fields of a recording, which the demo's receiver serves as tones."""
        url = f"{self.media_url}/recordings/{self.subject}-{seconds}.wav"
        return {"recording_url": url, "recording_duration": seconds}


def format_time_ago(seconds_ago: float) -> str:
    """A time in the past for the API: ISO 8601 with the offset of this machine's time zone."""
    return (datetime.now().astimezone() - timedelta(seconds=seconds_ago)).isoformat(timespec="milliseconds")
