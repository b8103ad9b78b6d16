"""The files of the capture script: its parts in `capture/source`, and the versions that were made of them.

A version that sites may have in their pages stays as it is, byte for byte: its name is in `capture/released.txt`. The
newest is made anew by `./dev capture` until it is there.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "capture"
# In this order: each uses what stands before it.
PARTS = ("start", "attribution", "cards", "fields", "reading", "sending", "steps", "listening")
_MADE = FOLDER / "made.txt"


def join_parts() -> str:
    """The script as people read it."""
    parts = [(FOLDER / "source" / f"{part}.js").read_text() for part in PARTS]
    return "\n".join(["(function () {", "'use strict';", *parts, "})();", ""])


def number_of(file: Path) -> int:
    """2 for capture-2.js."""
    return int(file.stem.removeprefix("capture-"))


def list_files() -> list[Path]:
    """The versions, oldest first."""
    return sorted(FOLDER.glob("capture-*.js"), key=number_of)


def list_released() -> list[str]:
    """The names of the versions that must stay, as `Script.name` says them, oldest first."""
    return (FOLDER / "released.txt").read_text().split()


def write(file: Path, content: str) -> None:
    """Write a version, and note what it was made of."""
    file.write_text(content)
    _MADE.write_text(_note(file))


def is_current(file: Path) -> bool:
    """Whether the version was made of the parts as they are, and has not been changed since."""
    return _MADE.read_text() == _note(file)


def _note(file: Path) -> str:
    parts, made = sha256(join_parts().encode()).hexdigest(), sha256(file.read_bytes()).hexdigest()
    return f"{file.name} {made}\nparts {parts}\n"
