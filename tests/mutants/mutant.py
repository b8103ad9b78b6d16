"""One fault: a piece of a file, what it becomes, and the tests that must fail."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("mutants.toml")


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old` stands exactly once in `file`; `tests` are pytest's arguments: the nearest tests, not all of them."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def fault(self, root: Path) -> str:
        """What is wrong with this entry of the list, or nothing."""
        path = root / self.file
        if not path.is_file():
            return f"{self.name}: {self.file} does not exist"
        count = path.read_text().count(self.old)
        if count != 1:
            return f"{self.name}: the piece to change stands {count} times in {self.file}, not once"
        if self.old == self.new:
            return f"{self.name}: the change changes nothing"
        missing = [test for test in self.tests if not (root / test.partition("::")[0]).exists()]
        return f"{self.name}: no such tests: {', '.join(missing)}" if missing or not self.tests else ""

    def apply(self, root: Path) -> str:
        """Put the fault in; returns the file's text as it was."""
        path = root / self.file
        text = path.read_text()
        path.write_text(text.replace(self.old, self.new))
        return text


def read_list() -> list[Mutant]:
    entries = tomllib.loads(LIST.read_text())["mutant"]
    return [Mutant(e["name"], e["file"], e["old"], e["new"], tuple(e["tests"])) for e in entries]
