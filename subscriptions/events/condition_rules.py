"""Whether a condition that somebody sends is one, and asks of this company what can be asked. Raises ValueError with
words that say what to do."""

from __future__ import annotations

from typing import Any

from . import filter_fields
from .conditions import OPERATORS
from .filter_fields import FilterField, Kind

# Each condition is judged in the transaction of each event, so there is an end to them.
MOST_CONDITIONS = 50
MOST_VALUES = 1_000
MOST_VALUES_IN_ALL = 5_000  # of all conditions together: a millisecond for each event
DEEPEST = 5
LONGEST_TEXT = 500  # as the longest column that is asked about
LONGEST_SECONDS = 30 * 86_400
SHAPES = 'Write {"all": […]}, {"any": […]}, {"not": {…}} or {"field": …} with one of: in, is, min, max.'


def validate(condition: Any, company_id: int) -> dict[str, Any]:
    """The condition. Raises ValueError."""
    return _Check(company_id).checked(condition)


class _Check:
    def __init__(self, company_id: int) -> None:
        self._company_id = company_id
        self._left = MOST_CONDITIONS
        self._values_left = MOST_VALUES_IN_ALL

    def checked(self, condition: Any, depth: int = 1) -> dict[str, Any]:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"There are more than {MOST_CONDITIONS} conditions. Combine some with in.")
        if depth > DEEPEST:
            raise ValueError(f"Conditions can be nested {DEEPEST} deep at most.")
        match condition:
            case {"all": list(parts), **rest} if not rest:
                return {"all": [self.checked(part, depth + 1) for part in parts]}
            case {"any": list(parts), **rest} if parts and not rest:
                return {"any": [self.checked(part, depth + 1) for part in parts]}
            case {"not": part, **rest} if not rest:
                return {"not": self.checked(part, depth + 1)}
            case {"field": str(name), **asked}:
                return {"field": name, **self._asked(name, {str(each): value for each, value in asked.items()})}
        raise ValueError(f"This is no condition. {SHAPES}")

    def _asked(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        about = filter_fields.find(name)
        if about is None:
            known = ", ".join(each.name for each in filter_fields.all_fields())
            raise ValueError(f"There is no field {name[:60]!r}. Known are: {known}.")
        known_operators = [each for each in OPERATORS if each in filter_fields.OPERATORS[about.kind]]
        if not asked or not set(asked) <= set(known_operators):
            raise ValueError(f"{name} can be asked with: {', '.join(known_operators)}.")
        if about.kind == Kind.SECONDS:
            return self._seconds(name, asked)
        if about.kind == Kind.YES_NO:
            if not isinstance(asked["is"], bool):
                raise ValueError(f"{name}: is must be true or false.")
            return asked
        return {"in": self._values(about, asked["in"])}

    def _seconds(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        for operator, number in asked.items():
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= LONGEST_SECONDS:
                raise ValueError(f"{name}: {operator} must be a whole number of seconds, {LONGEST_SECONDS} at most.")
        if asked.get("max", LONGEST_SECONDS) < asked.get("min", 0):
            raise ValueError(f"{name}: max is less than min, so no call would be sent.")
        return asked

    def _values(self, about: FilterField, given: Any) -> list[str]:
        """Each once, in the order in which they came."""
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            raise ValueError(f"{about.name}: in must be a list of strings.")
        values = list(dict.fromkeys(given))
        if not 0 < len(values) <= MOST_VALUES:
            raise ValueError(f"{about.name}: in must have 1 to {MOST_VALUES:,} values.")
        self._values_left -= len(values)
        if self._values_left < 0:
            raise ValueError(f"All conditions together have more than {MOST_VALUES_IN_ALL:,} values. Ask for fewer.")
        if any(len(each) > LONGEST_TEXT or "\x00" in each for each in values):
            raise ValueError(f"{about.name}: a value has at most {LONGEST_TEXT} characters, and no NUL.")
        if about.choices:
            known = {choice.value for choice in about.choices}
            if unknown := [each for each in values if each not in known]:
                shown = ", ".join(repr(choice.value) for choice in about.choices)
                raise ValueError(f"{about.name}: {unknown[0][:60]!r} is none of: {shown}.")
        if about.find is not None:
            found = about.find([self._company_id], values, len(values))
            if unknown := [each for each in values if each not in found]:
                raise ValueError(f"{about.name}: this company has no {unknown[0][:60]!r}.")
        return values
