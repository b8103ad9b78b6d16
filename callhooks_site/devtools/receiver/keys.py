"""The two secrets that a subscriber knows, read from the file that `./dev run` writes."""

import base64
import binascii
import json
import threading
from dataclasses import dataclass
from pathlib import Path

SECRET_PREFIX = "whsec_"


class KeysMissing(Exception):
    """There is nothing to check a signature with; the message says why."""


@dataclass(frozen=True, slots=True)
class Keys:
    """`signing_key` is the text itself as bytes; `webhook_key` is what the whsec_ secret encodes."""

    signing_key: bytes
    webhook_key: bytes


def parse_keys(text: str) -> Keys:
    try:
        found = json.loads(text)
        signing_key, secret = found["signing_key"], found["subscription_secret"]
        if not (signing_key and secret.startswith(SECRET_PREFIX)):
            raise ValueError
        encoded = secret.removeprefix(SECRET_PREFIX)
        padding = "=" * (-len(encoded) % 4)  # some write their secrets without
        webhook_key = base64.b64decode(encoded + padding, validate=True)
        if not webhook_key:
            raise ValueError
        return Keys(signing_key.encode("utf-8"), webhook_key)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise KeysMissing("demo.json holds no usable signing_key and subscription_secret") from None


class KeysFile:
    """Reads the keys again whenever the file has changed, so the receiver may start before it exists."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._keys: Keys | None = None

    def read(self) -> Keys:
        """Raises KeysMissing when there is no usable file."""
        with self._lock:
            try:
                found = self._path.stat()
                stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
                if self._keys is None or stamp != self._stamp:
                    self._keys = parse_keys(self._path.read_text("utf-8"))
                    self._stamp = stamp
            except (OSError, UnicodeDecodeError) as error:
                self._keys = None
                if isinstance(error, FileNotFoundError):
                    raise KeysMissing("demo.json is not there yet") from None
                raise KeysMissing(f"demo.json cannot be read ({type(error).__name__})") from None
            except KeysMissing:
                self._keys = None
                raise
            return self._keys
