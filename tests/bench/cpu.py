"""CPU time and memory of whole groups of processes, from the kernel's own accounting (Linux's /proc)."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Process:
    """`seconds`: user and system time of it and of the children it has buried, theirs included."""

    pid: int
    parent: int
    seconds: float
    resident: int  # bytes


def process(pid: int) -> Process | None:
    """What the kernel says of a process, None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in brackets, may hold anything; what follows its last bracket are numbers (proc(5)).
    fields = text[text.rindex(")") + 2 :].split()
    ticks = sum(int(field) for field in fields[11:15])
    return Process(pid, int(fields[1]), ticks / TICKS, int(fields[21]) * PAGE)


def processes() -> Iterator[Process]:
    for name in os.listdir("/proc"):
        if name.isdigit() and (found := process(int(name))):
            yield found


def tree(root: int) -> list[Process]:
    """A process and what it started, and what that started."""
    found = {one.pid: one for one in processes()}
    children = defaultdict(list)
    for one in found.values():
        children[one.parent].append(one)
    members, waiting = [], [found[root]] if root in found else []
    while waiting:
        one = waiting.pop()
        members.append(one)
        waiting += children[one.pid]
    return members


def tree_seconds(root: int) -> float:
    """CPU time of a process and all that it started, ended ones included."""
    return sum(one.seconds for one in tree(root))


def largest_resident(root: int) -> float:
    """Megabytes of the biggest process of a tree."""
    return max((one.resident for one in tree(root)), default=0) / 1e6


def thread_seconds(pid: int) -> float:
    """CPU time of a process of one thread, such as a backend, to the nanosecond."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except FileNotFoundError:  # a kernel without these statistics
        found = process(pid)
        return found.seconds if found else 0.0


def server_seconds(postmaster: int, without: Collection[int]) -> float:
    """CPU time of a PostgreSQL server: its backends and background processes, ended ones included, except `without`."""
    own = process(postmaster)
    children = (found for found in processes() if found.parent == postmaster and found.pid not in without)
    return (own.seconds if own else 0.0) + sum(child.seconds for child in children)


class Meter:
    """CPU seconds used by some groups of processes since it was made, or started anew."""

    def __init__(self, *groups: Callable[[], float]) -> None:
        self._groups = groups
        self.start()

    def start(self) -> None:
        self._before = [group() for group in self._groups]

    def seconds(self) -> float:
        return sum(self.each())

    def each(self) -> list[float]:
        return [group() - before for group, before in zip(self._groups, self._before, strict=True)]
