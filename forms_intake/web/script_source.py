"""Put the newest capture script together from the files in `capture/source`.

A version that sites may have in their pages stays as it is, byte for byte: its name is in `capture/released.txt`. The
newest version is written anew until it is there.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "capture"
# In this order: each uses what stands before it.
PARTS = ("start", "attribution", "cards", "fields", "sending", "listening")
HEAD = "/* Callhooks: sends copies of this site's forms to the company whose site it is. See docs/forms.md. */"


def build() -> str:
    """The script as it is served: without indentation, blank lines and the comments, which have lines of their own."""
    lines = [HEAD, "(function () {", "'use strict';"]
    for part in PARTS:
        source = (FOLDER / "source" / f"{part}.js").read_text()
        lines += [text for line in source.splitlines() if (text := line.strip()) and not text.startswith("//")]
    return "\n".join([*lines, "})();", ""])


def number_of(file: Path) -> int:
    """2 for capture-2.js."""
    return int(file.stem.removeprefix("capture-"))


def list_files() -> list[Path]:
    """The versions, oldest first."""
    return sorted(FOLDER.glob("capture-*.js"), key=number_of)


def list_released() -> list[str]:
    """The names of the versions that must stay, as `Script.name` says them, oldest first."""
    return (FOLDER / "released.txt").read_text().split()
