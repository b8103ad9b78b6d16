"""The API's own OpenAPI document, made from the shapes that its answers are made from. Served at `/v3/schema`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from . import (
    accounts,
    call_fields,
    companies,
    conversations,
    forms,
    integrations,
    leads,
    tags,
    trackers,
    triggers,
    users,
)  # fmt: skip
from .call_queries import ANSWER_STATUSES, CALL_TYPES, DEVICES, DIRECTIONS, LEAD_STATUSES
from .call_summary import GROUPS
from .call_sums import NAMES as SUMS
from .call_timeseries import INTERVALS
from .form_summary import GROUPS as FORM_GROUPS
from .form_summary import SUMS as FORM_SUMS
from .shapes import ANY, FLAG, OBJECT, TEXT, TEXT_OR_NULL, WHOLE, Schema, Shape

JSON = "application/json"
PAGING = ("page", "per_page")
SORTING = ("sort", "order")
DATES = ("date_range", "start_date", "end_date", "time_zone")
FILTERS = ("call_type", "answer_status", "device", "direction", "lead_status", "tags", "tracker_id")
WHOLE_PARAMETERS = {"page", "per_page", "offset", "min_duration", "max_duration"}
FLAG_PARAMETERS = {"relative_pagination", "person_lead", "first_time_callers", "with_msg_errors", "hipaa_account"}
CHOICES: dict[str, Iterable[str]] = {
    "call_type": CALL_TYPES,
    "answer_status": ANSWER_STATUSES,
    "device": DEVICES,
    "direction": DIRECTIONS,
    "lead_status": LEAD_STATUSES,
    "interval": INTERVALS,
    "order": ("asc", "desc"),
}
NOTHING: Schema = {}


@dataclass(frozen=True)
class Operation:
    method: str
    summary: str
    answer: Schema
    parameters: tuple[str, ...] = ()
    status: int = 200
    body: Schema | None = None
    choices: dict[str, Iterable[str]] = field(default_factory=dict)


def listed(collection: str, shape: Shape, *, all_optional: bool = False) -> Schema:
    """The envelope of a list."""
    item = shape.schema()
    if all_optional:
        item = {**item, "required": []}
    names = ("page", "per_page", "total_pages", "total_records")
    return _object({**dict.fromkeys(names, WHOLE), collection: {"type": "array", "items": item}})


def _object(properties: dict[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _body(*names: str) -> Schema:
    return {"type": "object", "properties": dict.fromkeys(names, ANY), "required": []}


def _get(summary: str, answer: Schema, *parameters: str, **more: Any) -> Operation:
    return Operation("get", summary, answer, parameters, **more)


def _put(summary: str, shape: Shape, *names: str) -> Operation:
    return Operation("put", summary, shape.schema(), body=_body(*names))


def _post(summary: str, answer: Schema, *names: str) -> Operation:
    return Operation("post", summary, answer, status=201, body=_body(*names))


def _delete(summary: str) -> Operation:
    return Operation("delete", summary, NOTHING, status=204)


_CALLS = {"calls": {"type": "array", "items": call_fields.SHAPE.schema()}}
_CALL_LISTS: Schema = {
    "oneOf": [
        listed("calls", call_fields.SHAPE),
        _object({"next_page": TEXT_OR_NULL, "has_next_page": FLAG, **_CALLS}),
    ]
}
_PAGE_VIEWS = Shape({})
_RANGE = {"start_date": TEXT, "end_date": TEXT, "time_zone": TEXT}


def _sums(names: Iterable[str], key: str = "") -> Schema:
    sums: dict[str, Schema] = {name: TEXT if name.startswith("formatted") else WHOLE for name in names}
    return {**_object(sums | ({key: TEXT_OR_NULL} if key else {})), "required": [key] if key else []}


def _summary(names: Iterable[str]) -> Schema:
    groups = {"grouped_by": TEXT, "grouped_results": {"type": "array", "items": _sums(names, "key")}}
    return _object({**_RANGE, "total_results": _sums(names), **groups}, optional=tuple(groups))


def _messages(head: Shape, message: Shape) -> Schema:
    page = listed("messages", message)
    shown = {name: field.schema for name, field in head.fields.items() if name != "recent_messages"}
    required = [name for name in head.default if name in shown]
    return {**_object({**shown, **page["properties"]}), "required": [*required, *page["required"]]}


_TIMELINE = _object({
    **dict.fromkeys(("page", "per_page", "total_pages", "total_records"), WHOLE),
    "lead": OBJECT,
    "timeline": {"type": "array", "items": {"type": "object", "required": ["type", "id", "event_date"]}},
})  # fmt: skip
_SIGNED = Shape({**integrations.SHAPE.fields})
_MADE_FORM = {**forms.SHAPE.schema(), "required": list(forms.MADE)}

A = "/a/{account_id}"
OPERATIONS: dict[str, list[Operation]] = {
    "/a.json": [_get("List accounts", listed("accounts", accounts.SHAPE), *PAGING, *SORTING, "hipaa_account")],
    f"{A}.json": [_get("Show an account", accounts.SHAPE.schema(), "fields")],
    f"{A}/integrations.json": [
        _get("List integrations", listed("integrations", integrations.SHAPE), "company_id", "fields", *PAGING),
        _post("Make the Webhooks integration", _SIGNED.schema(), "type", "company_id", "config"),
    ],
    f"{A}/integrations/{{id}}.json": [
        _get("Show an integration", integrations.SHAPE.schema(), "fields"),
        _put("Change an integration", integrations.SHAPE, "state", "config"),
        _delete("Disable an integration"),
    ],
    f"{A}/integration_triggers.json": [
        _get("List filters", listed("integration_criteria", triggers.SHAPE), "company_id", *PAGING),
        _post("Make a filter", triggers.SHAPE.schema(), "company_id", "integration_id", *triggers.ATTRIBUTES),
    ],
    f"{A}/integration_triggers/{{id}}.json": [
        _get("Show a filter", triggers.SHAPE.schema()),
        _put("Change a filter", triggers.SHAPE, *triggers.ATTRIBUTES),
        _delete("Remove a filter"),
    ],
    f"{A}/calls.json": [
        _get(
            "List calls", _CALL_LISTS, "company_id", *FILTERS, *DATES, "search", "fields", *PAGING, *SORTING,
            "relative_pagination", "offset",
        ),
    ],
    f"{A}/calls/summary.json": [
        _get(
            "Count calls", _summary(SUMS), "company_id", "group_by", "fields", *FILTERS, *DATES, "min_duration",
            "max_duration", "tracker_ids", "first_time_callers", "agent", "search", choices={"group_by": GROUPS},
        ),
    ],
    f"{A}/calls/timeseries.json": [
        _get(
            "Count calls over time",
            _object({**_RANGE, "total_results": _sums(SUMS),
                     "data": {"type": "array", "items": _sums(SUMS, "date")}}),
            "company_id", "interval", "fields", *FILTERS, *DATES, "min_duration", "max_duration", "tracker_ids",
            "first_time_callers", "agent", "search",
        ),
    ],
    f"{A}/calls/{{id}}.json": [
        _get("Show a call", call_fields.SHAPE.schema(), "fields"),
        _put("Change a call", call_fields.SHAPE, "tags", "append_tags", "note", "value", "lead_status",
             "customer_name", "spam"),
    ],
    f"{A}/calls/{{id}}/recording.json": [_get("Where a call's recording is", _object({"url": TEXT}))],
    f"{A}/calls/{{id}}/page_views.json": [
        _get("Pages seen before a call", listed("page_views", _PAGE_VIEWS), *PAGING, "time_zone")
    ],
    f"{A}/tags.json": [
        _get("List tags", listed("tags", tags.SHAPE), "company_id", "status", "tag_level", *PAGING, *SORTING),
        _post("Make a tag", tags.SHAPE.schema(), "name", "company_id", "color", "tag_level"),
    ],
    f"{A}/tags/{{id}}.json": [
        _get("Show a tag", tags.SHAPE.schema()),
        _put("Change a tag", tags.SHAPE, "name", "color", "disabled"),
        _delete("Remove a tag"),
    ],
    f"{A}/companies.json": [
        _get("List companies", listed("companies", companies.SHAPE), "status", "search", "fields", *PAGING, *SORTING)
    ],
    f"{A}/companies/{{id}}.json": [
        _get("Show a company", companies.SHAPE.schema(), "fields"),
        _put("Change a company", companies.SHAPE, "name", "time_zone", "callscribe_enabled"),
    ],
    f"{A}/trackers.json": [
        _get("List trackers", listed("trackers", trackers.SHAPE), "company_id", "type", "status", "search", "fields",
             *PAGING, *SORTING),
    ],
    f"{A}/trackers/{{id}}.json": [
        _get("Show a tracker", trackers.SHAPE.schema(), "fields"),
        _put("Change a tracker", trackers.SHAPE, "name", "call_flow"),
        _delete("Disable a tracker"),
    ],
    f"{A}/form_submissions.json": [
        _get("List forms", listed("form_submissions", forms.SHAPE), "company_id", "person_lead", "lead_status", "tags",
             *DATES, "fields", *PAGING, *SORTING),
        _post("Bring a form in", _MADE_FORM, "form_submission"),
    ],
    f"{A}/form_submissions/{{id}}.json": [
        _get("Show a form", forms.SHAPE.schema(), "fields"),
        _put("Change a form", forms.SHAPE, "tags", "append_tags", "note", "value", "lead_status"),
    ],
    f"{A}/forms/summary.json": [
        _get("Count forms", _summary(FORM_SUMS), "company_id", "group_by", "fields", "tags", "lead_status",
             "custom_form_ids", "form_URL", *DATES, choices={"group_by": FORM_GROUPS}),
    ],
    f"{A}/text-messages.json": [
        _get("List conversations", listed("conversations", conversations.CONVERSATION), "company_id", *DATES, "search",
             "fields", *PAGING),
    ],
    f"{A}/text-messages/{{id}}.json": [
        _get("Show a conversation", _messages(conversations.CONVERSATION, conversations.MESSAGE), "fields", *PAGING),
        _put("Archive a conversation", conversations.CONVERSATION, "state"),
    ],
    f"{A}/sms-threads.json": [
        _get("List text threads", listed("sms_threads", conversations.THREAD), "company_id", *DATES, "search", "fields",
             *PAGING),
    ],
    f"{A}/sms-threads/{{id}}.json": [
        _get("Show a text thread", _messages(conversations.THREAD, conversations.THREAD_MESSAGE), "fields",
             "with_msg_errors", *PAGING),
        _put("Change a text thread", conversations.THREAD, "notes", "value", "tags", "append_tags",
             "lead_qualification"),
    ],
    f"{A}/users.json": [
        _get("List users", listed("users", users.SHAPE), "company_id", "search", *PAGING, *SORTING)
    ],
    f"{A}/users/{{id}}.json": [_get("Show a user", users.SHAPE.schema())],
    f"{A}/leads.json": [
        _get("List leads", listed("leads", leads.SHAPE, all_optional=True), "company_id", "fields", *PAGING, *SORTING)
    ],
    f"{A}/leads/{{id}}/timeline.json": [
        _get("What a lead did", _TIMELINE, "fields", "time_zone", *PAGING, *SORTING)
    ],
}  # fmt: skip

_ERROR = {"description": "What is wrong, in words.", "content": {JSON: {"schema": _object({"error": TEXT})}}}


def document(server: str) -> dict[str, Any]:
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Callhooks API v3",
            "version": "3",
            "description": "For clients that were written for another call tracker. Parameters that are not known are "
            "ignored; every path answers with and without .json.",
        },
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": {path: _path(path, operations) for path, operations in OPERATIONS.items()},
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": 'Token token="KEY", with an API key of this service.',
                }
            },
        },
    }


def _path(path: str, operations: list[Operation]) -> dict[str, Any]:
    named = [name for name in ("account_id", "id") if f"{{{name}}}" in path]
    item: dict[str, Any] = {
        "parameters": [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in named]
    }
    for operation in operations:
        item[operation.method] = _operation(path, operation)
    return {name: value for name, value in item.items() if value}


def _operation(path: str, operation: Operation) -> dict[str, Any]:
    content = {"content": {JSON: {"schema": operation.answer}}} if operation.answer else {}
    described: dict[str, Any] = {
        "operationId": f"{operation.method}_{path.strip('/').replace('.json', '').replace('/', '_')}",
        "summary": operation.summary,
        "responses": {str(operation.status): {"description": "Done.", **content}, "default": _ERROR},
    }
    if operation.parameters:
        described["parameters"] = [_parameter(name, operation) for name in operation.parameters]
    if operation.body:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": operation.body}}}
    return described


def _parameter(name: str, operation: Operation) -> dict[str, Any]:
    known = {**CHOICES, **operation.choices}.get(name)
    schema = WHOLE if name in WHOLE_PARAMETERS else FLAG if name in FLAG_PARAMETERS else TEXT
    return {"name": name, "in": "query", "schema": {"enum": list(known)} if known else schema}
