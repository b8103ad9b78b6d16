"""What conditions of subscriptions may ask about (`conditions.py`): for the form, the API's checks and sentences.

Producer apps register their fields in `AppConfig.ready`; this module imports none of them. The facts themselves come
with each event type (`catalogue.EventType.facts`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    CHOICE = "choice"  # one or several of some values: `in`
    NAMES = "names"  # texts that a person types: `in`
    YES_NO = "yes_no"  # `is`
    SECONDS = "seconds"  # `min`, `max`


OPERATORS = {
    Kind.CHOICE: frozenset({"in"}),
    Kind.NAMES: frozenset({"in"}),
    Kind.YES_NO: frozenset({"is"}),
    Kind.SECONDS: frozenset({"min", "max"}),
}


@dataclass(frozen=True)
class Choice:
    value: str
    label: str  # on the form
    said: str  # in a sentence after `FilterField.phrase`


@dataclass(frozen=True)
class FilterField:
    name: str  # of the fact
    label: str  # on the form
    kind: Kind
    phrase: str  # in a sentence: `to {}`, with the values in the braces
    choices: tuple[Choice, ...] = ()
    # For values that are rows of companies: what people call them, by value; of all (the first `most`), or of these.
    find: Callable[[Collection[int], Collection[str] | None, int], dict[str, str]] | None = None
    help: str = ""
    on_form: bool = True
    texts: tuple[str, str] = field(default=("", ""))  # YES_NO: in a sentence, for no and for yes


_fields: dict[str, FilterField] = {}


def register(fields: Iterable[FilterField]) -> None:
    for each in fields:
        _fields[each.name] = each


def all_fields() -> list[FilterField]:
    return list(_fields.values())


def find(name: str) -> FilterField | None:
    return _fields.get(name)
