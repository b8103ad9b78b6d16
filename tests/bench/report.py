"""From measurements to figures, and figures as a person or a program reads them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that is to be at least, or at most, a certain one."""

    text: str
    value: float
    limit: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def line(self) -> str:
        verdict = "reached" if self.reached else "MISSED "
        return f"{verdict}  {self.text}: {self.value:.3g} (wanted {'≤' if self.at_most else '≥'} {self.limit:g})"


@dataclass(slots=True)
class Report:
    """`figures` are the bench's keys and what else is worth knowing, in the order of the table."""

    bench: str
    setup: str  # how it was measured, in a line
    figures: dict[str, object] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)

    def as_json(self) -> str:
        targets = [
            {
                "target": t.text,
                "value": _rounded(t.value),
                "at_most" if t.at_most else "at_least": t.limit,
                "reached": t.reached,
            }
            for t in self.targets
        ]
        figures = {name: _rounded(value) for name, value in self.figures.items()}
        return json.dumps({"bench": self.bench, **figures, "setup": self.setup, "targets": targets})

    def as_table(self) -> str:
        rows = [(name, _shown(value)) for name, value in _flat(self.figures)]
        width = max(len(name) for name, _ in rows)
        lines = [f"{self.bench}: {self.setup}", ""]
        lines += [f"  {name:{width}}  {value:>12}" for name, value in rows]
        lines += ["", *(f"  {target.line()}" for target in self.targets)]
        return "\n".join(lines)


def _flat(figures: dict[str, object]) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in figures.items():
        if isinstance(value, dict):
            rows += [(f"{name}.{inner}", deeper) for inner, deeper in _flat(value)]
        else:
            rows.append((name, value))
    return rows


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
