"""Reading a company's feed as a program does."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

FEED = "/api/v1/feed/"


def read(api: APIClient, **query: Any) -> dict[str, Any]:
    answer = api.get(FEED, query)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def read_all(api: APIClient, **query: Any) -> list[dict[str, Any]]:
    """Every event from the beginning, page by page."""
    events: list[dict[str, Any]] = []
    page = read(api, **query)
    while True:
        events += page["results"]
        if not page["more"]:
            return events
        page = read(api, **query, after=page["cursor"])


def told(page: dict[str, Any]) -> list[tuple[str, str]]:
    """(subject, type) of the events of a page."""
    return [(event["subject"], event["type"]) for event in page["results"]]
