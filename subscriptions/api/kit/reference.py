"""What the API reference says of an operation, in words for developers elsewhere. Each app has its own in
`reference.py`; view sets name theirs as `reference`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PROBLEM = "application/problem+json"
WITH_BODY = ("POST", "PATCH", "PUT")


@dataclass(frozen=True)
class Operation:
    summary: str
    description: str
    # When the answer is 409, beside the conflicts of an Idempotency-Key.
    conflict: str = ""


@dataclass(frozen=True)
class Resource:
    """A group of the reference. `operations`: by the view set's action. `fields`: the meaning of fields without a
    help text of their own, in the schemas of these names. `parts`: what belongs into the parts of its URLs, where it
    is no id of its own."""

    tag: str
    about: str
    operations: Mapping[str, Operation]
    schemas: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)


# Status: its name among the document's responses, what it means, an example's detail.
ERRORS: dict[int, tuple[str, str, str]] = {
    400: (
        "BadRequest",
        "The body is not JSON, or a field or parameter is wrong. `errors` names each. Nothing was saved.",
        "ended_at: This time is in the future. Check the clock of the system that sent it.",
    ),
    401: ("Unauthorized", "There is no valid API key in the request.", "This API key is not valid."),
    403: (
        "Forbidden",
        "The key lacks the scope that this operation needs.",
        "This API key lacks the scope 'manage'. Use a key with that scope.",
    ),
    404: (
        "NotFound",
        "It does not exist, or it belongs to another company.",
        "There is nothing at this URL, or this key may not see it.",
    ),
    409: (
        "Conflict",
        "The first request with this `Idempotency-Key` is still being processed. Repeat it in a moment.",
        "The first request with this Idempotency-Key is still being processed. Try again in a moment.",
    ),
    412: (
        "PreconditionFailed",
        "It has changed since the version in `If-Match`. Read it again and decide anew.",
        "This has changed since the version in If-Match. Read it again.",
    ),
    413: ("TooLarge", "The body is too large.", "The body is larger than 10,485,760 bytes. Send a smaller one."),
    415: (
        "UnsupportedMediaType",
        "The body is not sent as JSON.",
        "Send the body as JSON, with the header 'Content-Type: application/json'.",
    ),
    422: (
        "KeyReused",
        "The `Idempotency-Key` was used for another request.",
        "This Idempotency-Key was used for another request. Use a new key for a new request, and the same body for a "
        "repeat.",
    ),
    429: (
        "TooManyRequests",
        "The key has used up its rate limit. Nothing was done. Wait for the seconds in `Retry-After`.",
        "This key may send 1,200 requests per minute. Nothing was done. Try again in 3 s.",
    ),
    503: (
        "TryAgain",
        "Two requests changed the same objects at the same time. Nothing was done. Send it again.",
        "Another request is changing the same objects. Nothing was done. Send the request again.",
    ),
}


def error_responses() -> dict[str, Any]:
    """The document's shared responses, by name."""
    from http import HTTPStatus

    shared = {}
    for status, (name, words, detail) in ERRORS.items():
        example: dict[str, Any] = {
            "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
        }  # fmt: skip
        if status == 400:
            place, _, reason = detail.partition(": ")
            example["errors"] = [{"pointer": f"#/{place}", "detail": reason}]
        shared[name] = problem_response(words, example)
    return shared


def problem_response(words: str, example: dict[str, Any] | None = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if example is not None:
        content["example"] = example
    return {"description": words, "content": {PROBLEM: content}}


def errors_of(method: str, *, lists: bool, detail: bool, body: bool, conflict: str) -> dict[str, Any]:
    """The responses of an operation that are errors, by status."""
    writes = method in (*WITH_BODY, "DELETE")
    repeats = method in ("POST", "PATCH")
    statuses = [
        *([400] if lists or repeats else []),
        401, 403,
        *([404] if detail else []),
        *([409] if repeats or conflict else []),
        *([412] if method in ("PATCH", "DELETE") and detail else []),
        *([413, 415] if body else []),
        *([422] if repeats else []),
        429,
        *([503] if writes else []),
    ]  # fmt: skip
    found: dict[str, Any] = {
        str(status): {"$ref": f"#/components/responses/{ERRORS[status][0]}"} for status in statuses
    }
    if conflict:
        found["409"] = problem_response(f"{conflict} Or: {ERRORS[409][1][0].lower()}{ERRORS[409][1][1:]}")
    return found
