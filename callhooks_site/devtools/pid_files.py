"""Read PostgreSQL's pid files, and make stale ones harmless."""

from __future__ import annotations

import subprocess
from pathlib import Path

# No system uses this process id.
NO_PROCESS = 2**31 - 2


def lines(path: Path) -> list[str]:
    """A text file's lines; none if it is not there."""
    try:
        return path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def pid_in(path: Path) -> int | None:
    """The process id in the first line, if any. PostgreSQL negates the id of a single-user backend."""
    first = next(iter(lines(path)), "").strip()
    return abs(int(first)) if first.lstrip("-").isdigit() else None


def command_of(pid: int) -> str:
    """The command line of a process; "" if it does not exist or is a zombie."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return ""
    ps = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout


def build_stale_pid_text(path: Path) -> str | None:
    """The text that makes a stale pid file harmless; None to delete the file.

    PostgreSQL handles a file with the id of a dead process, but not one whose id now belongs to another program. So the
    id is replaced. The other lines stay: from them PostgreSQL sees whether children of the old server use the data.
    """
    if pid_in(path) is None:
        return None
    return "\n".join([str(NO_PROCESS), *lines(path)[1:]]) + "\n"
