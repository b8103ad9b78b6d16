"""The OpenAPI document as pages: for each group of operations what its page shows, made once by a process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt

from subscriptions.api.kit.reference import ERRORS
from subscriptions.lib.schema_words import REFERENCE, describe_kind

from .document import WEBHOOKS, read_document
from .shown import Answer, Field, Group, Operation, Schema

JSON = "application/json"
# Of every operation, so the overview explains them once.
COMMON_PARAMETERS = ("Callhooks-Company", "Idempotency-Key", "If-Match", "If-None-Match")
_markdown = MarkdownIt("commonmark", {"html": False})


@cache
def groups() -> dict[str, Group]:
    """By slug, in the order of reading. Each event type has a group of its own: their bodies are long."""
    document = read_document()
    found = {}
    for tag in document["tags"]:
        if tag["name"] == WEBHOOKS["name"]:
            continue
        mine = list(_operations(document, tag["name"]))
        group = Group(
            slugify(tag["name"]), tag["name"], _inline(tag["description"]),
            tuple(_operation(*each) for each in mine), tuple(_schemas(document, mine)),
        )  # fmt: skip
        found[group.slug] = group
    return found


@cache
def webhooks() -> dict[str, Group]:
    """By the name of the event type, with a payload version after the other."""
    found: dict[str, list[Operation]] = {}
    for name, methods in read_document()["webhooks"].items():
        known = next((each for each in found if name.startswith(each)), name)
        found.setdefault(known, []).append(_webhook(methods["post"]))
    return {name: Group(name, of[0].summary.partition(", version")[0], "", tuple(of)) for name, of in found.items()}


@cache
def introduction() -> SafeString:
    return _html(read_document()["info"]["description"])


@cache
def common_parameters() -> tuple[Field, ...]:
    found: dict[str, Field] = {}
    for methods in read_document()["paths"].values():
        for operation in methods.values():
            for each in operation.get("parameters", ()):
                if each["name"] in COMMON_PARAMETERS:
                    found.setdefault(each["name"], _parameter(each))
    return tuple(found[name] for name in COMMON_PARAMETERS)


@cache
def errors() -> tuple[Answer, ...]:
    """Those that operations share, by their status."""
    shared = read_document()["components"]["responses"]
    return tuple(
        Answer(str(status), _inline(shared[name]["description"])) for status, (name, *_) in sorted(ERRORS.items())
    )


def _operations(document: dict[str, Any], tag: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield path, method, operation


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    given = operation.get("parameters", ())
    body = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
    answers = [(status, one) for status, one in operation["responses"].items() if status < "4"]
    refused = [status for status in operation["responses"] if status.startswith(("4", "5"))]
    conflict = operation["responses"].get("409", {}).get("description", "")
    return Operation(
        operation["operationId"].replace("_", "-"),
        operation["summary"],
        _html(operation["description"]),
        method.upper(),
        path,
        tuple(each["name"] for each in given if each["name"] in COMMON_PARAMETERS),
        tuple(_parameter(each) for each in given if each["name"] not in COMMON_PARAMETERS),
        _name_of(body.get("schema", {})),
        _curl(method.upper(), path, given, body.get("example")),
        tuple(_answer(status, one) for status, one in answers),
        tuple(refused),
        _inline(conflict),
    )


def _webhook(operation: dict[str, Any]) -> Operation:
    body = operation["requestBody"]["content"][JSON]
    return Operation(
        operation["operationId"].replace("_", "-"),
        operation["summary"],
        _html(operation["description"]),
        example=_pretty(body.get("example")),
        fields=tuple(_fields(body["schema"], {})),
        headers=tuple(each["name"] for each in operation["parameters"]),
    )


def _parameter(given: dict[str, Any]) -> Field:
    notes = ("required",) if given.get("required") else ()
    schema = {name: value for name, value in given.get("schema", {}).items() if name != "description"}
    kind = describe_kind(schema)
    place = {"path": "in the path", "header": "header"}.get(given["in"], "")
    return Field(given["name"], f"{kind}, {place}" if place else kind, _html(_plain(given["description"])), notes)


def _answer(status: str, response: dict[str, Any]) -> Answer:
    about = _inline(response["description"])
    for kind, media in response.get("content", {}).items():
        schema = media.get("schema", {})
        example = media.get("example")
        name = _name_of(schema)
        several = name.startswith("Paginated")
        shown = example if kind != JSON and isinstance(example, str) else _pretty(example)
        return Answer(status, about, shown, _listed(name) if several else name, several)
    return Answer(status, about)


def _schemas(document: dict[str, Any], operations: list[tuple[str, str, dict[str, Any]]]) -> Iterator[Schema]:
    """Those of the bodies, each once: what is sent has the fields of what is answered, without those that are read
    only."""
    known = document["components"]["schemas"]
    names: dict[str, None] = {}
    for _, _, operation in operations:
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for kind, media in body.get("content", {}).items():
                if kind == JSON:
                    names |= dict.fromkeys(_names_in(media.get("schema", {}), known))
    for name in names:
        yield Schema(name, _html(known[name].get("description", "")), tuple(_fields(known[name], known, name)))


def _names_in(schema: dict[str, Any], known: dict[str, Any], seen: tuple[str, ...] = ()) -> Iterator[str]:
    name = _name_of(schema)
    name = _listed(name) if name.startswith("Paginated") else name
    if not name or name in seen or name == "Problem":
        return
    yield name
    for each in known[name].get("properties", {}).values():
        yield from _names_in(each, known, (*seen, name))


def _fields(schema: dict[str, Any], known: dict[str, Any], name: str = "") -> Iterator[Field]:
    needed = known.get(f"{name}Request", schema if name.endswith("Request") else {}).get("required", ())
    for field_name, each in schema.get("properties", {}).items():
        notes = (*(["required"] if field_name in needed else ()), *(["read only"] if each.get("readOnly") else ()))
        yield Field(
            field_name, describe_kind(each, known), _html(_plain(each.get("description", ""))), notes, _name_of(each)
        )


def _name_of(schema: dict[str, Any]) -> str:
    """The name under which the page shows a schema: `CallRequest` and `PatchedCallRequest` are a Call."""
    for one in (schema, schema.get("items", {}), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if isinstance(one, dict) and "$ref" in one:
            name = str(one["$ref"]).removeprefix(REFERENCE)
            bare = name.removeprefix("Patched").removesuffix("Request")
            schemas = read_document()["components"]["schemas"]
            return bare if bare in schemas else name
    return ""


def _listed(name: str) -> str:
    return name.removeprefix("Paginated").removesuffix("List")


def _curl(method: str, path: str, parameters: Any, body: Any) -> str:
    """The request as one would type it, with the variables of docs/api.md."""
    for each in parameters:
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", str(each.get("example", f"<{each['name']}>")))
    lines = [f"curl {'' if method == 'GET' else f'-X {method} '}$API{path.removeprefix('/api/v1')}"]
    lines.append('     -H "Authorization: Bearer $KEY"')
    if body is not None:
        text = json.dumps(body, ensure_ascii=False, indent=2).replace("'", "'\\''")
        lines += ['     -H "Content-Type: application/json"', f"     -d '{text}'"]
    return " \\\n".join(lines)


def _pretty(example: Any) -> str:
    return "" if example is None else json.dumps(example, ensure_ascii=False, indent=2)


def _plain(description: str) -> str:
    """Without the list of its values, which its kind has already."""
    return description.partition("* `")[0].strip()


def _inline(text: str) -> SafeString:
    html: str = _markdown.renderInline(text)
    return mark_safe(html)


def _html(text: str) -> SafeString:
    html: str = _markdown.render(text)
    return mark_safe(html)
