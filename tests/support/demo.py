"""The demo with everything around it: a folder with demo.json, a receiver, and a stand-in for the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.demo_receiver import RunningReceiver, running_receiver, write_keys
from tests.support.fake_api import KEY, StandIn, stand_in

TRACKERS = [
    {"phone_number": "+14045550100", "name": "Website"},
    {"phone_number": "+14045550101", "name": "Google Ads"},
]


@dataclass
class Stage:
    folder: Path
    api: StandIn
    receiver: RunningReceiver


@contextmanager
def demo_stage(folder: Path) -> Iterator[Stage]:
    with running_receiver(folder) as receiver, stand_in(receiver.port) as api:
        write_keys(folder, api_url=api.url, api_key=KEY, tracking_numbers=TRACKERS)
        yield Stage(folder, api, receiver)
