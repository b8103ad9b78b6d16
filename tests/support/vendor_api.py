"""API v3 as a client of the vendor sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.test import Client
from jsonschema_rs import Draft202012Validator

from callhooks_site.vendor_api import ids
from callhooks_site.vendor_api.openapi import document
from subscriptions.models import Company
from tests.support.factories import make_key


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

    def get(self, path: str, *, code: int = 200, **params: Any) -> Any:
        return self.told("get", path, None, code, **params)

    def put(self, path: str, body: Any, *, code: int = 200) -> Any:
        return self.told("put", path, body, code)

    def post(self, path: str, body: Any, *, code: int = 201) -> Any:
        return self.told("post", path, body, code)

    def told(self, method: str, path: str, body: Any, code: int, **params: Any) -> Any:
        """The answer's JSON. Errors are `{"error": "…"}` and nothing else."""
        answer = self.send(method, path, body, **params)
        assert answer.status_code == code, (answer.status_code, answer.content)
        if code == 204:
            return None
        told = answer.json()
        if code < 300:
            check_documented(method, path, code, told)
        if code >= 400:
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


# Rows of one list are made by one shape: more of them prove nothing more.
ROWS_CHECKED = 2


def check_documented(method: str, path: str, status: int, body: Any) -> None:
    """The answer is what the OpenAPI document says, to the last field."""
    place = re.sub(r"^/*(?:api/)?v3/+", "", path).partition("?")[0].removesuffix(".json")
    for shape, pattern in _patterns():
        if shape.count("{id}") and place.rpartition("/")[2] in ("summary", "timeseries"):
            continue
        if pattern.fullmatch(f"/{place}") or pattern.fullmatch(f"/a/ACC/{place}"):
            few = {name: _ends(value) for name, value in body.items()} if isinstance(body, dict) else body
            _validator(shape, method, str(status)).validate(few)
            return
    raise AssertionError(f"{method} {path} is not in the document.")


def _ends(value: Any) -> Any:
    return [*value[:ROWS_CHECKED], *value[ROWS_CHECKED:][-1:]] if isinstance(value, list) else value


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (shape, re.compile(re.sub(r"\{\w+\}", "[^/]+", shape.removesuffix(".json")))) for shape in _document()["paths"]
    ]


@cache
def _validator(shape: str, method: str, status: str) -> Any:
    answer = _document()["paths"][shape][method]["responses"][status]
    return Draft202012Validator(answer["content"]["application/json"]["schema"])


@cache
def _document() -> Any:
    return document("http://localhost/v3")


def below(url: str) -> str:
    parts = urlsplit(url)
    assert parts.scheme
    return f"{parts.path}?{parts.query}"
