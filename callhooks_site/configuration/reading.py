"""Read a configuration file: YAML whose every value knows its line, so that an error says where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

Place = tuple[str | int, ...]


class BadConfiguration(Exception):
    """The file cannot be applied. The message has the file, the line and what to do."""


# A file of aliases could stand for more than a machine can hold, or for itself. Each value of a file takes a character.
MOST_VALUES, MOST_DEEP = 100_000, 50


def printable(words: str) -> str:
    """What people of a company wrote, for a terminal: it neither ends the line nor moves the cursor."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in words)


@dataclass
class Document:
    """`lines`: the line of each value, by the names and numbers that lead to it."""

    name: str
    data: Any = None
    most_values: int = MOST_VALUES
    lines: dict[Place, int] = field(default_factory=dict)

    def fail(self, place: Place, words: str) -> BadConfiguration:
        """An error at this place, or at the nearest one around it that is in the file."""
        near = place
        while near not in self.lines and near:
            near = near[:-1]
        return BadConfiguration(f"{self.name}:{self.lines.get(near, 1)}: {_say(place)}{words}")

    def object_at(self, place: Place, data: Any) -> Mapping[str, Any]:
        if not isinstance(data, dict):
            raise self.fail(place, "must be names with values.")
        return data

    def list_at(self, place: Place, data: Any) -> list[Any]:
        if not isinstance(data, list):
            raise self.fail(place, "must be a list: begin each line with “- ”.")
        return data


def read(text: str, name: str) -> Document:
    """Raises BadConfiguration for what is no YAML, has a key twice, or a value that JSON does not know."""
    document = Document(name, most_values=max(MOST_VALUES, len(text)))
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError:
        raise BadConfiguration(f"{name}:1: This is nested too deep for a configuration.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise BadConfiguration(f"{name}:{line}: This is not YAML: {problem}. Check indents and quotes.") from None
    if node is None:
        raise BadConfiguration(f"{name}:1: The file is empty. export_config writes one to begin with.")
    document.data = _value(document, node, ())
    return document


def _value(document: Document, node: yaml.Node, place: Place) -> Any:
    document.lines[place] = node.start_mark.line + 1
    if len(place) > MOST_DEEP:
        raise document.fail(place[:3], "is nested too deep for a configuration.")
    if len(document.lines) > document.most_values:
        raise document.fail(place[:3], "has too many values, by its aliases.")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise document.fail(place, "has a name that is no text.")
            name = str(key.value)
            document.lines[*place, name] = key.start_mark.line + 1
            if name in found:
                raise document.fail((*place, name), "is there twice. Remove one.")
            found[name] = _value(document, value, (*place, name))
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(document, one, (*place, number)) for number, one in enumerate(node.value)]
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError):
        raise document.fail(
            place, f"This is not YAML of plain values: {str(node.value)[:60]}. Put it in quotes."
        ) from None
    if value is not None and not isinstance(value, str | int | float | bool):
        raise document.fail(place, f"is read as a {type(value).__name__}. Put it in quotes.")
    return value


def _say(place: Place) -> str:
    words = ".".join(str(one + 1) if isinstance(one, int) else one for one in place)
    return f"{words} " if words else ""
