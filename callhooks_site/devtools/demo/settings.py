"""The demo's settings, from the file that `./dev run` writes."""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from callhooks_site.installation import PROGRAM

MEDIA_URL = "https://media.example.com"  # where recordings are said to be, if nobody serves them
START_IT = f"Start `{PROGRAM} run` in another terminal, wait until it says that it is ready, and try again."


class NotReady(Exception):
    """The demo cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Tracker:
    phone_number: str
    name: str


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    url: str  # of the ingest source, without the last part
    account_sid: str
    auth_token: str


@dataclass(frozen=True, slots=True)
class DemoSettings:
    api_url: str  # without a slash at the end
    api_key: str
    trackers: tuple[Tracker, ...]
    twilio: TwilioSettings | None = None
    payload_versions: tuple[str, ...] = ("",)  # "": whatever arrives
    media_url: str = MEDIA_URL  # without a slash at the end


def load(path: Path) -> DemoSettings:
    """Raises NotReady."""
    try:
        found = json.loads(path.read_text("utf-8"))
        trackers = tuple(Tracker(each["phone_number"], each["name"]) for each in found["tracking_numbers"])
        if not trackers:
            raise ValueError
        twilio = TwilioSettings(**found["twilio"]) if "twilio" in found else None
        versions = tuple(map(str, found.get("payload_versions") or [""]))
        receiver = urlsplit(str(found.get("receiver_url") or MEDIA_URL))
        media_url = f"{receiver.scheme}://{receiver.netloc}"
        api_url, api_key = str(found["api_url"]).rstrip("/"), str(found["api_key"])
        return DemoSettings(api_url, api_key, trackers, twilio, versions, media_url)
    except FileNotFoundError:
        raise NotReady(f"{path} is missing. {START_IT}") from None
    except OSError as error:
        raise NotReady(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise NotReady(f"{path} lacks what the demo needs. Stop `{PROGRAM} run` and start it again.") from None
