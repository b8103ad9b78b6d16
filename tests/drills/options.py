from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """`short`: the smallest form that still proves something, for the tests. `log`: the folder of all logs.
    `commit`: where a drill begins with other code than the working tree's, its commit; empty: the drill chooses."""

    short: bool
    log: Path
    commit: str = ""

    @property
    def threads(self) -> int:
        """Of the load."""
        return 2 if self.short else 4

    def seconds(self, long: float, short: float) -> float:
        return short if self.short else long
