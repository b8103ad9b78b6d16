"""What a drill found, and how it is printed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Result:
    """`lost`: events that were accepted and never happened, and webhooks that never arrived. `failed_requests`: of
    those that the load sent. `duplicates`: webhooks that arrived again, with the same id. `seconds`: the whole drill.
    `facts`: what is special to the drill, by name. `faults`: what went wrong, in words."""

    lost: int
    failed_requests: int
    duplicates: int
    seconds: float
    facts: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.failed_requests or self.faults)

    def as_json(self) -> str:
        values = asdict(self)
        facts = values.pop("facts")
        return json.dumps({"good": self.good, **values, **facts})

    def as_table(self) -> str:
        values = asdict(self)
        facts, faults = values.pop("facts"), values.pop("faults")
        lines = [f"{name.replace('_', ' '):34}{_shown(value)}" for name, value in {**values, **facts}.items()]
        return "\n".join([*lines, *faults, "Good." if self.good else "NOT GOOD: see above."])


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items()) or "none"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
