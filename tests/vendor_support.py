"""API v3 as a client of the vendor sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.test import Client

from callhooks_site.vendor_api import ids
from subscriptions.models import Company
from tests.factories import make_key


class Vendor:
    """A client with a key of the company. `path` is below the account unless it begins with a slash."""

    def __init__(self, company: Company, scopes: list[str] | None = None, *, token: str = "") -> None:
        self.account = ids.account_id(company)
        self.token = token or make_key(company, scopes)
        self.authorization = f'Token token="{self.token}"'
        self._client = Client()

    def send(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        url = path if path.startswith("/") else f"/v3/a/{self.account}/{path}"
        if params:
            url = f"{url}?{urlencode(params, doseq=True)}"
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return self._client.generic(
            method.upper(), url, **sent, headers={"Authorization": self.authorization}, HTTP_HOST="localhost"
        )

    def get(self, path: str, *, status: int = 200, **params: Any) -> Any:
        return self.told("get", path, None, status, **params)

    def put(self, path: str, body: Any, *, status: int = 200) -> Any:
        return self.told("put", path, body, status)

    def post(self, path: str, body: Any, *, status: int = 201) -> Any:
        return self.told("post", path, body, status)

    def told(self, method: str, path: str, body: Any, status: int, **params: Any) -> Any:
        """The answer's JSON. Errors are `{"error": "…"}` and nothing else."""
        answer = self.send(method, path, body, **params)
        assert answer.status_code == status, (answer.status_code, answer.content)
        if status == 204:
            return None
        told = answer.json()
        if status >= 400:
            assert list(told) == ["error"]
            assert isinstance(told["error"], str)
            return told["error"]
        return told

    def by_link(self, path: str, **params: Any) -> Iterator[Any]:
        """Bodies of all pages, along `Link: <…>; rel="next"`."""
        answer = self.send("get", path, **params)
        while True:
            assert answer.status_code == 200, answer.content
            yield answer.json()
            link = answer.headers.get("Link", "")
            if not link:
                return
            assert link.endswith('>; rel="next"')
            answer = self.send("get", below(link[1:].partition(">")[0]))

    def by_page(self, path: str, **params: Any) -> Iterator[Any]:
        page = 1
        while True:
            body = self.get(path, page=page, **params)
            yield body
            if page >= body["total_pages"]:
                return
            page += 1

    def relative(self, path: str, **params: Any) -> Iterator[Any]:
        body = self.get(path, relative_pagination="true", **params)
        while True:
            yield body
            if not body["has_next_page"]:
                assert body["next_page"] is None
                return
            body = self.get(f"{below(body['next_page'])}&relative_pagination=true")


def below(url: str) -> str:
    parts = urlsplit(url)
    assert parts.scheme
    return f"{parts.path}?{parts.query}"
