"""PostgreSQL's pid files: whose process they name, and what to do with one that is out of date."""

from __future__ import annotations

import subprocess
from pathlib import Path

# kill() says of this process number that there is no such process, everywhere.
NO_PROCESS = 2**31 - 2


def lines(path: Path) -> list[str]:
    """A text file's lines; none if it is not there."""
    try:
        return path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def pid_in(path: Path) -> int | None:
    """The process number in the first line, if there is one; PostgreSQL negates that of a lone backend."""
    first = next(iter(lines(path)), "").strip()
    return abs(int(first)) if first.lstrip("-").isdigit() else None


def command_of(pid: int) -> str:
    """The command line of a process; "" if there is none, or only a dead one that is not buried yet."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return ""
    ps = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout


def disowned(path: Path) -> str | None:
    """The text that makes a stale pid file harmless; None if the file is of no use at all.

    PostgreSQL itself sees to a file that names a dead process, but not to one whose number belongs to another
    program today. So the number goes; the other lines stay: they show PostgreSQL whether the old one's
    children still use the data.
    """
    if pid_in(path) is None:
        return None
    return "\n".join([str(NO_PROCESS), *lines(path)[1:]]) + "\n"
