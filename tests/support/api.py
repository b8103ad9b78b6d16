"""The API as a program sees it: a client with a key, and what a call looks like when it comes in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rest_framework.test import APIClient

from subscriptions.models import Company, Event
from tests.support.factories import make_key

PROBLEM = "application/problem+json"
CUSTOMER = "+12145550123"
TALK = "Hello, my roof is leaking."


def program(company: Company, scopes: list[str] | None = None) -> APIClient:
    """A client with a key of this company; what the API raises unforeseen, it raises in the test."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_key(company, scopes)}")
    return client


def ago(**how_long: float) -> str:
    return (datetime.now(UTC) - timedelta(**how_long)).isoformat()


def ringing(tracking_phone_number: str, **fields: Any) -> dict[str, Any]:
    """The body of an inbound call that rings."""
    return {
        "direction": "inbound",
        "tracking_phone_number": tracking_phone_number,
        "customer_phone_number": CUSTOMER,
        "start_time": ago(minutes=5),
        **fields,
    }


def happened(resource_id: str) -> list[str]:
    """The types of the events of a subject, in order."""
    return list(Event.objects.filter(subject_id=resource_id).order_by("sequence").values_list("type", flat=True))


def wrong(response: Any) -> dict[str, str]:
    """The errors of a 400 by their place, and that it has the shape of every error."""
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == PROBLEM
    body = response.json()
    assert body.keys() == {"type", "title", "status", "detail", "errors"}
    assert (body["status"], body["title"]) == (400, "Bad Request")
    assert all(
        error.keys() in ({"pointer", "detail"}, {"parameter", "detail"}) and error["detail"] for error in body["errors"]
    )
    return {error.get("pointer", error.get("parameter", "")): error["detail"] for error in body["errors"]}


def rung(api: APIClient, tracking_phone_number: str, **fields: Any) -> str:
    """The resource id of a new call."""
    response = api.post("/api/v1/calls/", ringing(tracking_phone_number, **fields))
    assert response.status_code == 201, response.content
    return response.json()["resource_id"]


def patch(api: APIClient, resource_id: str, **fields: Any) -> dict[str, Any]:
    """The call after it was changed."""
    response = api.patch(f"/api/v1/calls/{resource_id}/", fields)
    assert response.status_code == 200, response.content
    return response.json()


def answered(api: APIClient, tracking_phone_number: str) -> str:
    """The resource id of a call whose post_call has been published."""
    call = rung(api, tracking_phone_number)
    patch(
        api, call, routed_at=ago(minutes=4), answered_at=ago(minutes=4), ended_at=ago(minutes=1), duration=179,
        recording_url="https://media.example.com/1.mp3", recording_duration=171, transcription_text=TALK,
    )  # fmt: skip
    return call
