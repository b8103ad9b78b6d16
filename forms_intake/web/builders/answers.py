from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

LONGEST_LABEL = 200  # a question may be a paragraph


@dataclass
class Answers:
    """What somebody answered to one form, by the question's label."""

    builder: str
    fields: dict[str, Any] = field(default_factory=dict)
    form_name: str = ""
    form_url: str = ""
    id: str = ""  # the submission's, as the builder knows it
    submitted_at: datetime | None = None
    # Of each label, the last number: counted from the beginning each time, 100,000 answers of one label take hours.
    _numbers: dict[str, int] = field(default_factory=dict)

    def add(self, label: Any, value: Any) -> None:
        """A second answer under the same label gets a number: `Name (2)`."""
        label = base = str(label).strip()[:LONGEST_LABEL]
        number = self._numbers.get(base, 1)
        while label in self.fields:
            number += 1
            label = f"{base[: LONGEST_LABEL - 6]} ({number})"
        self._numbers[base] = number
        self.fields[label] = value


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Itself, or an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def as_mappings(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; nothing for anything else."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def as_text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def parse_time(value: Any) -> datetime | None:
    """Of ISO text, which is UTC without an offset, or of milliseconds since 1970. None for anything else."""
    try:
        if isinstance(value, int | float) or (isinstance(value, str) and re.fullmatch(r"\d{12,14}", value)):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        time = datetime.fromisoformat(value)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
