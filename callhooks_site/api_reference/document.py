"""Completes the OpenAPI document: the introduction, the groups in the order of reading, the meaning of each field, and
examples. These are what a test was answered (`tests/integration/test_api_examples.py` renews them)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from callhooks_site.installation import ROOT
from callhooks_site.privacy.api.reference import ERASURES
from calls.api.reference import CALLS, PEOPLE, TAGS, TRACKERS
from forms_intake.api.reference import FORMS
from messaging.api.reference import TEXTS
from subscriptions.api.alert_reference import ALERT_DESTINATIONS
from subscriptions.api.feed_reference import FEED, FEED_CONSUMERS
from subscriptions.api.issue_reference import ISSUES
from subscriptions.api.kit.reference import Resource
from subscriptions.api.manifest_reference import MANIFESTS
from subscriptions.api.reference import (
    COMPANIES,
    DELIVERIES,
    EVENT_TYPES,
    EVENTS,
    KEYS,
    OWN_KEY,
    RESEND_JOBS,
    SUBSCRIPTIONS,
)

EXAMPLES = Path(__file__).with_name("examples.json")
KEPT = ROOT / "docs" / "openapi.json"
RESOURCES: tuple[Resource, ...] = (
    CALLS, TEXTS, FORMS, TRACKERS, PEOPLE, ERASURES, TAGS, SUBSCRIPTIONS, EVENT_TYPES, EVENTS, DELIVERIES, RESEND_JOBS,
    ISSUES, FEED, FEED_CONSUMERS, MANIFESTS, KEYS, ALERT_DESTINATIONS, COMPANIES,
)  # fmt: skip
WEBHOOKS = {"name": "Webhooks", "description": "What Callhooks sends to your URL, signed. Answer with a 2xx quickly."}
INTRODUCTION = """\
Report calls, texts and forms; choose which webhooks go where; read what was sent and send it again.

**Key.** Create an API key in the admin, under *Settings*, *API keys*, and send it with each request:
`Authorization: Bearer chk_…`. A key belongs to one company and has scopes: `read`, `ingest` (write calls,
texts, forms, tracking numbers, people and tags) and `manage` (subscriptions, deliveries, issues, keys). The examples
have it as `$KEY`, and the address of the API, `https://…/api/v1`, as `$API`.

**Requests.** JSON, sent as `application/json`. URLs end with a slash. Unknown fields and parameters are errors.
Absent fields do not change. Times need an offset, such as `2026-03-02T09:04:05-06:00` or `Z`, and are returned
in UTC. Amounts are strings.

**Repeats.** Send an `Idempotency-Key` with a `POST` or `PATCH`, and it is processed once, however often it
arrives. `If-Match` with an `ETag` changes a thing only if nobody else has.

**Lists** return `next` and `results`. Follow `next` until it is null. `…_after` includes the time, `…_before`
excludes it.

**Errors** are `application/problem+json` (RFC 9457): `detail` says what is wrong and what to do, `errors` has
each field.

**Rate limit.** `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` are in every response; after a
429 wait for the seconds in `Retry-After`. `X-Request-Id` names a request in our log.
"""


FILTERS = {
    "active": "Only numbers that are in use, or only those that are not.",
    "customer_phone_number": "Only those of this customer, in any notation.",
    "direction": "Only inbound or only outbound ones.",
    "email": "Only the person with this address.",
    "event": "Only those of this event type.",
    "external_id": "Only the one with this id in your system.",
    "external_source": "Only those of this system of yours.",
    "name": "Only the one with this name, whatever its capitals.",
    "phone": "Only the person with this number, in any notation.",
    "phone_number": "Only the one with this number, in any notation.",
    "state": "Only those in this state.",
    "subject": "Only those of this call, text or form: its id.",
    "subscription": "Only those of this subscription: its id.",
    "tracking_phone_number": "Only those of this tracking number, in any notation.",
    "type": "Only those of this event type.",
}
AFTER, BEFORE = "Only those at or after this time.", "Only those before this time."


@cache
def read_document() -> dict[str, Any]:
    """The document as it was made last: to make it takes seconds. A test keeps it current."""
    found: dict[str, Any] = json.loads(KEPT.read_bytes())
    return found


@cache
def examples() -> dict[str, Any]:
    """By operation: `path`, `request`, and `responses` by status."""
    found: dict[str, Any] = json.loads(EXAMPLES.read_text("utf-8")) if EXAMPLES.exists() else {}
    return found


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook of drf-spectacular, the last one."""
    result["info"]["description"] = INTRODUCTION
    result["tags"] = [*({"name": each.tag, "description": each.about} for each in RESOURCES), WEBHOOKS]
    for resource in (*RESOURCES, OWN_KEY):
        _describe_fields(resource, result["components"]["schemas"])
    for operation in _operations(result):
        _describe_filters(operation)
        _show_example(operation, examples().get(operation["operationId"], {}))
    _drop_marks(result)
    return result


def _operations(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in ("paths", "webhooks"):
        for methods in result[part].values():
            yield from methods.values()


def _describe_fields(resource: Resource, schemas: dict[str, Any]) -> None:
    for name in resource.schemas:
        for component in (name, f"{name}Request", f"Patched{name}Request"):
            for field, schema in schemas.get(component, {}).get("properties", {}).items():
                words, known = resource.fields.get(field, ""), schema.get("description", "")
                if words and (not known or known.startswith("* `")):  # a list of its values only
                    schema["description"] = f"{words}\n\n{known}".strip()


def _describe_filters(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "query" and parameter.get("description", "* `").startswith("* `"):
            of_time = AFTER if name.endswith("_after") else BEFORE if name.endswith("_before") else ""
            parameter["description"] = of_time or FILTERS[name]


def _show_example(operation: dict[str, Any], example: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"] in example.get("path", {}):
            parameter["example"] = example["path"][parameter["name"]]
    if "request" in example:
        operation["requestBody"]["content"]["application/json"]["example"] = example["request"]
    for status, body in example.get("responses", {}).items():
        (media,) = operation["responses"][status]["content"].values()
        media["example"] = body


def _drop_marks(part: Any) -> None:
    """Remove what drf-spectacular notes for itself."""
    if isinstance(part, dict):
        part.pop("x-spec-enum-id", None)
        for each in part.values():
            _drop_marks(each)
    elif isinstance(part, list):
        for each in part:
            _drop_marks(each)
