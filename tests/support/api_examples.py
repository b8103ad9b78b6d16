"""Answers of the API as examples for its reference: what differs from run to run becomes a fixed, invented value."""

from __future__ import annotations

import hashlib
import re
from typing import Any

DAY = "2026-03-02"
# What differs from run to run, by the name of the field.
FIXED = {
    "conversation_id": "69o0m",
    "cursor": "WyJleGFtcGxlIl0",
    "webhook-timestamp": "1772463845",
    "webhook-signature": "v1,ZXhhbXBsZSBzaWduYXR1cmUsIG5vdCBhIHJlYWwgb25lIQ==",
    "Signature": "ZXhhbXBsZSBzaWduYXR1cmUhISE=",
}
_SECRET = "whsec_ZXhhbXBsZSBzZWNyZXQsIG5vdCBhIHJlYWwgb25lIQ=="
_KEY = "chk_EXAMPLEexampleEXAMPLEexampleEXAMPLEexample0"
_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?P<between>[T ])(?P<time>\d\d:\d\d:\d\d)(?P<part>\.\d+)?(?P<offset>-\d\d:\d\d)?"
)
_ID = re.compile(r"(?<![^\W_])([A-Z]{3}|evt_)[0-9a-f]{32}(?![^\W_])")
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TOKEN = re.compile(r"(?<=access_key=)[^&\"]+|(?<=cursor=)[^&\"]+")


class Steady:
    """The same ids for the same order of appearance, one time for whatever is now."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def value(self, given: Any, name: str = "") -> Any:
        if isinstance(given, dict):
            if name == "schema":  # a JSON Schema has a page of its own: the event's type
                return {key: given[key] for key in ("$schema", "type") if key in given}
            return {key: self.value(each, key) for key, each in given.items()}
        if isinstance(given, list):
            if name == "deliveries":
                return [4711 + place for place, _ in enumerate(given)]
            return [self.value(each, name) for each in given]
        if isinstance(given, str):
            return self._text(given, name)
        if isinstance(given, int) and not isinstance(given, bool) and (name in ("id", "parent") or name[-3:] == "_id"):
            return 4711
        return given

    def _text(self, text: str, name: str) -> str:
        if name == "prefix":
            return _KEY[: len(text)]
        if name in FIXED:
            return FIXED[name]
        text = re.sub(r"whsec_[A-Za-z0-9+/=]+", _SECRET, text)
        text = re.sub(r"chk_[A-Za-z0-9_-]{40,}", _KEY, text)
        text = re.sub(r"chk_[A-Za-z0-9_-]+…", f"{_KEY[:12]}…", text)
        text = re.sub(r"http://(?:testserver|127\.0\.0\.1:\d+)/", "https://callhooks.example.com/", text)
        text = re.sub(r'("(?:company_id|id)":)\d+', r"\g<1>4711", text)
        text = _TOKEN.sub("example", text)
        text = _ID.sub(self._id, text)
        text = _SHA256.sub(hashlib.sha256(b"example").hexdigest(), text)
        text = _UUID.sub("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9", text)
        return _TIME.sub(_moment, text)

    def _id(self, found: re.Match[str]) -> str:
        digits = hashlib.sha256(str(len(self._ids)).encode()).hexdigest()[:32]
        return self._ids.setdefault(found[0], f"{found[1]}{digits}")


def _moment(found: re.Match[str]) -> str:
    if found["day"] == DAY:
        return found[0]
    part = "." + "0" * (len(found["part"]) - 1) if found["part"] else ""
    offset = "-06:00" if found["offset"] else ""  # summer or winter
    return f"{DAY}{found['between']}15:04:05{part}{offset}"
