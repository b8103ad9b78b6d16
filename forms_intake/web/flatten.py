"""Nested JSON as the fields of a form: label → answer. No Django."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from subscriptions.intake.errors import Refused

from ..contents import words
from ..secrets import is_secret

DEEPEST = 10
# Of a name, what stands before each of the names in it: the form is refused then, and the names would be many times the
# body.
LONGEST_START = 200
# In this order: of `{"name": "q1", "label": "Your name", "value": "Ann"}` people know the label.
_LABELS = ("label", "title", "question", "name", "key", "field", "id")
_ANSWERS = ("value", "answer", "values", "answers", "response", "text")
# What else a question may have. An object with anything beside is no question: nothing of it may be lost.
_ABOUT = {"type", "ref", "required", "raw_value", "order", "index", "slug", "uuid", "placeholder", "description",
          "format", "options", "objectTypeId", "fieldType", "field_type"}  # fmt: skip
_QUESTION = {*_LABELS, *_ANSWERS, *_ABOUT}


def flatten(data: Any) -> dict[str, Any]:
    """Names and values, which are no objects and no lists of them. `{"a": {"b": 1}}` becomes `a.b`; a list of questions
    with their answers becomes label → answer. Two of one name become one list. Raises Refused."""
    fields: dict[str, Any] = {}
    repeated: dict[str, list[Any]] = {}
    for name, value in _walk("", data, 0):
        if name not in fields:
            fields[name] = value
            continue
        if name not in repeated:
            fields[name] = repeated[name] = _as_list(fields[name])
        repeated[name] += _as_list(value)
    return fields


def _as_list(value: Any) -> list[Any]:
    return [*value] if isinstance(value, list) else [value]


def _walk(name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > DEEPEST:
        raise Refused("malformed", f"The values are nested more than {DEEPEST} deep.")
    start, last = name[:LONGEST_START], name.rpartition(".")[2][-LONGEST_START:]
    if isinstance(value, Mapping):
        if depth and (question := _question(value)):
            yield from _walk(*question, depth + 1)
            return
        for key, inner in value.items():
            # Of `data.card.number` the whole does not look like a secret.
            if not is_secret(words(key)) and not is_secret(words(f"{last} {key}")):
                yield from _walk(f"{start}.{key}" if name else str(key), inner, depth + 1)
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        for number, item in enumerate(value, 1):
            is_question = isinstance(item, Mapping) and _question(item)
            yield from _walk(name if is_question else f"{start}.{number}" if name else str(number), item, depth + 1)
    else:
        yield name, value


def _question(value: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The label and the answer, of an object that is both."""
    if not {*value} <= _QUESTION:
        return None
    label = next((value[key] for key in _LABELS if isinstance(value.get(key), str) and value[key].strip()), None)
    answer = next((value[key] for key in _ANSWERS if key in value), None)
    if label is None or answer is None:
        return None
    if isinstance(answer, Mapping) and (chosen := _question(answer)):
        answer = chosen[0]  # an option has a label too
    return label.strip(), answer
