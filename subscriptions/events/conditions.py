"""What a subscription asks of an event beside its type: a condition over facts of the call, text or form.

A condition is JSON: `{"all": [condition, …]}`, `{"any": [condition, …]}`, `{"not": condition}`, or one about a field:

    {"field": "tracker", "in": ["TRK…"]}        one of these, or, for a field of several values, any of these;
                                                capitals make no difference
    {"field": "first_call", "is": true}
    {"field": "duration", "min": 30}            seconds; also "max"

Facts that an event does not have (the duration of a text, of a call that still rings) are asked of nothing: a condition
about them holds. Of a past event a fact may be `UNKNOWN`: whoever judges one asks `unknown_of` first. No Django.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

OPERATORS = ("in", "is", "min", "max")


class Named(str):
    """A value that people know by a name, such as a tracking number's id."""

    name: str

    def __new__(cls, value: str, name: str) -> Named:
        made = super().__new__(cls, value)
        made.name = name
        return made


class Unknown:
    """The value of a fact that an event had and that can no longer be told."""


class Values(list[Any]):
    """Those of an `in`, folded once for all events that are judged by it."""

    def __init__(self, values: Iterable[Any]) -> None:
        super().__init__(values)
        self.folded = frozenset(map(_folded, self))


UNKNOWN = Unknown()
Condition = Mapping[str, Any]
Facts = Mapping[str, Any]


def refusal(condition: Condition, facts: Facts) -> str:
    """Which condition says no, in words; empty when all hold."""
    match condition:
        case {"all": list(parts)}:
            return next((words for part in parts if (words := refusal(part, facts))), "")
        case {"any": list(parts)}:
            refusals = [refusal(part, facts) for part in parts]
            return " ".join(refusals) if refusals and all(refusals) else ""
        case {"not": part}:
            return "" if refusal(part, facts) else f"Not wanted: {in_words(part)}."
        case {"field": str(name)}:
            return _about_field(name, condition, facts)
    raise ValueError(f"This is no condition: {str(condition)[:200]}")


def prepare(condition: Condition) -> Condition:
    """The same condition, to be asked of many events."""
    match condition:
        case {"all": list(parts)}:
            return {"all": [prepare(part) for part in parts]}
        case {"any": list(parts)}:
            return {"any": [prepare(part) for part in parts]}
        case {"not": part}:
            return {"not": prepare(part)}
        case {"in": list(values)}:
            return {**condition, "in": Values(values)}
    return condition


def unknown_of(condition: Condition, facts: Facts) -> list[str]:
    """The fields that the condition asks about and whose facts can no longer be told, each once."""
    return [name for name in dict.fromkeys(_fields_of(condition)) if facts.get(name) is UNKNOWN]


def _fields_of(condition: Condition) -> Iterator[str]:
    for word in ("all", "any"):
        for part in condition.get(word, ()):
            yield from _fields_of(part)
    if "not" in condition:
        yield from _fields_of(condition["not"])
    if "field" in condition:
        yield str(condition["field"])


def _about_field(name: str, condition: Condition, facts: Facts) -> str:
    if name not in facts:
        return ""
    value = facts[name]
    asked = [operator for operator in OPERATORS if operator in condition]
    if not asked:
        raise ValueError(f"This is no condition: {str(condition)[:200]}")
    for operator in asked:
        argument = condition[operator]
        if _holds(operator, value, argument):
            continue
        if isinstance(value, Named):
            return f"{name.replace('_', ' ').capitalize()} {value.name} is not one of those wanted."
        return f"{in_words({'field': name, operator: argument})} was wanted; it was {_shown(value)}."
    return ""


def _holds(operator: str, value: Any, argument: Any) -> bool:
    if operator == "min":
        return bool(value >= argument)
    if operator == "max":
        return bool(value <= argument)
    if operator == "is":
        return bool(value == argument)
    values = value if isinstance(value, list) else [value]
    wanted = argument.folded if isinstance(argument, Values) else map(_folded, argument)
    return not {_folded(each) for each in values}.isdisjoint(wanted)


def in_words(condition: Condition) -> str:
    """`Duration at least 30`"""
    match condition:
        case {"all": list(parts)}:
            return " and ".join(map(in_words, parts))
        case {"any": list(parts)}:
            return " or ".join(map(in_words, parts))
        case {"not": part}:
            return f"not ({in_words(part)})"
    name = str(condition.get("field", "")).replace("_", " ").capitalize()
    match condition:
        case {"in": list(wanted)}:
            more = f" and {len(wanted) - 3} more" if len(wanted) > 3 else ""
            return f"{name} {' or '.join(map(_shown, wanted[:3]))}{more}"
        case {"is": wanted}:
            return f"{name} {_shown(wanted)}"
        case {"min": least}:
            return f"{name} at least {least}"
        case {"max": most}:
            return f"{name} at most {most}"
    return name


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "empty"
    return str(value).replace("_", " ") or "empty"
