"""A client of the vendor's API v3, written from the contract of that API alone: it imports nothing of the facade.

It behaves as the vendor's public clients do: it asks for the accounts first, reads `error` of what is refused, refuses
redirects, and turns pages in the three ways that there are. Whatever it gets it compares with the contract.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

from django.test import Client

HOST = "localhost"
RATES = ("hourly-allowed", "hourly-used", "daily-allowed", "daily-used")
FORBIDDEN = "You do not have permission to perform the requested action"
# Collections that are not named as their path is.
COLLECTIONS = {
    "a": "accounts",
    "text-messages": "conversations",
    "integration_triggers": "integration_criteria",
    "sms-threads": "sms_threads",
}


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def next_link(self) -> str | None:
        """The URL of `Link: <URL>; rel="next"`."""
        found = re.search(r'<([^>]+)>;\s*rel="next"', self.headers.get("Link", ""))
        return found[1] if found else None


class ContractClient:
    """`path` is below the account, or whole where it begins with a slash. Writes send JSON."""

    def __init__(self, token: str, *, authorization: str | None = None, base: str = "/v3", suffix: str = ".json"):
        self.authorization = f'Token token="{token}"' if authorization is None else authorization
        self.base, self.suffix = base, suffix
        self._django = Client()
        self._account = self._company = ""

    @property
    def account(self) -> str:
        """The first account that the key sees."""
        if not self._account:
            self._account = self.get(f"{self.base}/a{self.suffix}")["accounts"][0]["id"]
        return self._account

    @account.setter
    def account(self, account: str) -> None:
        self._account = account

    @property
    def company(self) -> str:
        if not self._company:
            self._company = self.get("companies")["companies"][0]["id"]
        return self._company

    def url(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        if not path.startswith("/"):
            path = f"{self.base}/a/{self.account}/{path}{self.suffix}"
        pairs = []
        for name, value in (params or {}).items():
            pairs += [(name, each) for each in (value if isinstance(value, list) else [value])]
        if pairs:
            path += ("&" if "?" in path else "?") + "&".join(
                f"{name}={quote_plus(str(value))}" for name, value in pairs
            )
        return path

    def ask(self, method: str, path: str, body: Any = None, params: Mapping[str, Any] | None = None) -> Answer:
        """The answer, whatever its status, once it is what every answer is (1 Common rules)."""
        content = b"" if body is None else json.dumps(body).encode()
        return self.ask_raw(method, self.url(path, params), content, "application/json")

    def ask_raw(self, method: str, url: str, content: bytes, content_type: str) -> Answer:
        got = self._django.generic(
            method,
            f"http://{HOST}{url}",
            content,
            content_type=content_type,
            headers={"Authorization": self.authorization} if self.authorization else {},
            HTTP_HOST=HOST,
        )
        answer = Answer(got.status_code, got.headers, got.content)
        check_answer(method, answer)
        return answer

    def get(self, path: str, code: int = 200, **params: Any) -> Any:
        return told(self.ask("GET", path, None, params), code)

    def post(self, path: str, body: Any, code: int = 201) -> Any:
        return told(self.ask("POST", path, body), code)

    def put(self, path: str, body: Any, code: int = 200) -> Any:
        return told(self.ask("PUT", path, body), code)

    def delete(self, path: str, code: int = 204) -> Any:
        return told(self.ask("DELETE", path), code)

    # --- walks ----------------------------------------------------------------------------------------------------
    def pages(self, path: str, **params: Any) -> Iterator[list[Any]]:
        """Rows of each page, by `page` and `total_pages`."""
        page, last = 1, 1
        while page <= last:
            body = self.get(path, page=page, **params)
            rows = check_envelope(path, body)
            assert body["page"] == page
            yield rows
            last = body["total_pages"]
            page += 1

    def links(self, path: str, **params: Any) -> Iterator[list[Any]]:
        """Rows of each page, along the `Link` header only."""
        answer = self.ask("GET", path, None, params)
        while True:
            yield check_envelope(path, told(answer, 200))
            if not answer.next_link:
                return
            answer = self.ask("GET", below_host(answer.next_link))

    def relative(self, path: str, **params: Any) -> Iterator[list[Any]]:
        """Rows of each page, along `next_page`; as one client does, with a second `relative_pagination`."""
        body = self.get(path, relative_pagination="true", **params)
        while True:
            assert set(body) == {"next_page", "has_next_page", "calls"}
            yield body["calls"]
            assert body["has_next_page"] is (body["next_page"] is not None)
            if not body["has_next_page"]:
                return
            body = self.get(below_host(body["next_page"]), relative_pagination="true")


def told(answer: Answer, code: int) -> Any:
    assert answer.status == code, (answer.status, answer.raw)
    if code == 204:
        assert answer.raw == b""
        return None
    return answer.body["error"] if code >= 400 else answer.body


def check_answer(method: str, answer: Answer) -> None:
    """1: headers; 1.7: the rate headers on each answer; 1.8: the shape of errors; no redirects."""
    for rate in RATES:
        assert re.fullmatch(r"\d+", answer.headers[f"x-rate-limit-{rate}"]), rate
    assert answer.headers["X-Request-Id"]
    assert re.fullmatch(r"\d+\.\d+", answer.headers["X-Runtime"])
    assert "Origin" in answer.headers["Vary"]
    assert not 300 <= answer.status < 400
    assert answer.status < 500, answer.raw
    if answer.status == 204 or method == "HEAD":
        return
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    if answer.status < 300 and method == "GET":
        assert answer.headers["Cache-Control"] == "max-age=0, private, must-revalidate"
        assert re.fullmatch(r'W/"[^"]+"', answer.headers["ETag"])
    if answer.status >= 400:
        assert list(answer.body) == ["error"]
        assert isinstance(answer.body["error"], str)
        assert answer.body["error"]


def check_envelope(path: str, body: Any) -> list[Any]:
    """1.1: the envelope's keys in their order, the collection last. Returns the rows."""
    name = re.sub(r"\?.*|\.json", "", path).rstrip("/").rpartition("/")[2]
    collection = COLLECTIONS.get(name, name)
    assert list(body) == ["page", "per_page", "total_pages", "total_records", collection]
    rows: list[Any] = body[collection]
    assert all(type(body[key]) is int for key in ("page", "per_page", "total_pages", "total_records"))
    assert len(rows) <= body["per_page"]
    pages = -(-body["total_records"] // body["per_page"])
    assert body["total_pages"] == pages or not pages
    return rows


def below_host(url: str) -> str:
    """What is asked of the server; the URL has to be absolute and of this server."""
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc) == ("http", HOST)
    return f"{parts.path}?{parts.query}"
