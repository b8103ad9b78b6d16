"""A polite client of the vendor's API: it waits when it is told to, and before it would be."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

MOST_ATTEMPTS = 8
LONGEST_WAIT = 3600.0
FIRST_BACKOFF = 2.0
# Of each hour's and day's requests so many hundredths are left to the account's other clients.
LEFT_TO_OTHERS = 5


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class NoAnswer(Exception):
    """The network, or what answers there, failed; the message says how."""


class Refused(Exception):
    """The vendor says no. `status` is its answer's."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


Get = Callable[[str, Mapping[str, str]], Answer]  # raises NoAnswer


class VendorClient:
    """`get` fetches a URL with headers; `sleep` and `tell` are how it waits and says so."""

    def __init__(
        self, base_url: str, token: str, *, get: Get, sleep: Callable[[float], None], tell: Callable[[str], None]
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f'Token token="{token}"', "Accept": "application/json"}
        self._get, self._sleep, self._tell = get, sleep, tell

    def fetch(self, path: str, **params: Any) -> dict[str, Any]:
        """The JSON object at the path. Raises Refused, and NoAnswer after MOST_ATTEMPTS."""
        query = urlencode({name: value for name, value in params.items() if value not in (None, "")})
        url = f"{self.base_url}/{path}{'?' if query else ''}{query}"
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                answer = self._get(url, self._headers)
            except NoAnswer as error:
                self._back_off(attempt, str(error))
                continue
            if answer.status == 429:
                self._wait(_retry_after(answer.headers), "The vendor asks to wait")
            elif answer.status >= 500:
                self._back_off(attempt, f"The vendor answered with {answer.status}")
            elif answer.status != 200:
                raise Refused(answer.status, _words(answer))
            else:
                self._leave_room(answer.headers)
                return _object(answer)
        raise NoAnswer(f"{url} did not answer in {MOST_ATTEMPTS} attempts.")

    def pages(self, path: str, collection: str, *, first: int = 1, **params: Any) -> Iterator[Page]:
        """The pages of a list, from page `first` on."""
        number = first
        while True:
            body = self.fetch(path, page=number, **params)
            rows = body.get(collection)
            if not isinstance(rows, list):
                raise NoAnswer(f"{path} answered without {collection}: is this the address of an API v3?")
            last = number >= int(body.get("total_pages") or 1)
            yield Page(number, rows, int(body.get("total_records") or 0), last)
            if last:
                return
            number += 1

    def _leave_room(self, headers: Mapping[str, str]) -> None:
        """Waits for the next hour before the account's allowance is used up."""
        for span, seconds in (("hourly", 3600), ("daily", 86_400)):
            allowed = _number(headers.get(f"x-rate-limit-{span}-allowed"))
            used = _number(headers.get(f"x-rate-limit-{span}-used"))
            if allowed and used is not None and used >= allowed - max(1, allowed * LEFT_TO_OTHERS // 100):
                left = seconds - datetime.now(UTC).timestamp() % seconds
                self._wait(left, f"{used:,} of {allowed:,} {span} requests are used")

    def _back_off(self, attempt: int, words: str) -> None:
        if attempt < MOST_ATTEMPTS:
            self._wait(FIRST_BACKOFF * 2 ** (attempt - 1) * random.uniform(0.8, 1.2), words)

    def _wait(self, seconds: float, words: str) -> None:
        seconds = min(max(seconds, 1.0), LONGEST_WAIT)
        self._tell(f"{words}: going on in {seconds:,.0f} s.")
        self._sleep(seconds)


@dataclass(frozen=True)
class Page:
    number: int
    rows: list[dict[str, Any]]
    total: int
    last: bool


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds, from seconds or a date; a minute where it is not said."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return 60.0


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _object(answer: Answer) -> dict[str, Any]:
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise NoAnswer("The answer is no JSON object: is this the address of an API v3?")
    return body


def _words(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body)["error"])
    except (ValueError, KeyError, TypeError):
        return f"The vendor answered with {answer.status}."
