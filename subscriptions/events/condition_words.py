"""Conditions as a sentence: `Only calls to Google Ads, at least 60 s long.`"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from . import filter_fields
from .filter_fields import FilterField, Kind

Names = Mapping[str, Mapping[str, str]]  # field → value → what people call it
MOST_NAMES = 5  # in a sentence
Condition = Mapping[str, Any]


def parts_of(condition: Condition) -> list[Condition]:
    """What all has to hold."""
    match condition:
        case {"all": list(parts)}:
            return list(parts)
    return [condition]


def values_named(condition: Condition) -> Iterator[tuple[str, str]]:
    """Field and value of all that has to be looked up to be named."""
    for word in ("all", "any"):
        for part in condition.get(word, ()):
            yield from values_named(part)
    if "not" in condition:
        yield from values_named(condition["not"])
    about = filter_fields.find(str(condition.get("field", "")))
    if about is not None and about.find is not None:
        yield from ((about.name, value) for value in condition.get("in", ())[: MOST_NAMES + 1])


def names_for(company_ids: Collection[int], conditions: Iterable[Condition | None]) -> dict[str, dict[str, str]]:
    """The names of what these conditions of some companies are about: a query for each field that has rows."""
    wanted: dict[str, set[str]] = {}
    for condition in conditions:
        for name, value in values_named(condition or {}):
            wanted.setdefault(name, set()).add(value)
    found = {}
    for name, values in wanted.items():
        about = filter_fields.find(name)
        if about is not None and about.find is not None:
            found[name] = about.find(company_ids, sorted(values), len(values))
    return found


def sentence(condition: Condition | None, direction: str = "both", names: Names | None = None) -> str:
    """Which calls are sent; empty where all are. `direction`: a subscription's `call_direction`."""
    words = [_words(part, names or {}) for part in parts_of(condition)] if condition is not None else []
    calls = "calls" if direction == "both" else f"{direction} calls"
    said = [part for part in words if part]
    if not said:
        return f"Only {calls}." if direction != "both" else ""
    return f"Only {calls} {', '.join(said)}."


def _words(condition: Condition, names: Names) -> str:
    match condition:
        case {"all": list(parts)}:
            return " and ".join(filter(None, (_words(part, names) for part in parts)))
        case {"any": list(parts)}:
            return "if " + " or ".join(f"({_words(part, names) or 'any'})" for part in parts)
        case {"not": part}:
            return f"if not ({_words(part, names) or 'any'})"
    about = filter_fields.find(str(condition.get("field", "")))
    return _about(about, condition, names.get(about.name, {})) if about is not None else ""


def _about(about: FilterField, condition: Condition, names: Mapping[str, str]) -> str:
    if about.kind == Kind.SECONDS:
        asked = ((operator, condition[operator]) for operator in ("min", "max") if operator in condition)
        words = {"min": "at least", "max": "at most"}
        return " and ".join(about.phrase.format(f"{words[operator]} {number}") for operator, number in asked)
    if about.kind == Kind.YES_NO:
        return about.texts[int(bool(condition.get("is")))]
    values = list(condition.get("in", ()))
    said = {choice.value: choice.said for choice in about.choices}
    shown = [said.get(value) or names.get(value) or value for value in values[:MOST_NAMES]]
    if len(values) > MOST_NAMES:
        shown.append(f"{len(values) - MOST_NAMES} more")
    return about.phrase.format(" or ".join(shown))
