"""What the programs that send requests share: jobs that several connections take in turn, and lines of JSON that ask
for them."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, Protocol


class Connection(Protocol):
    def do(self, turn: int, due: float) -> None:
        """One job. Raises OSError or RuntimeError if it fails. `due` is by the monotonic clock."""

    def close(self) -> None: ...


def share_out(jobs: int, connect: Callable[[], Connection], *, connections: int, rate: float = 0.0) -> float:
    """Do jobs 0, 1 and so on, as fast as the connections get through them or at `rate` a second. Returns the seconds
    for all. Raises RuntimeError with the first failure."""
    failed: list[Exception] = []
    lock = threading.Lock()
    turns = iter(range(jobs))
    started = time.monotonic()

    def work() -> None:
        try:
            with closing(connect()) as connection:
                while not failed:
                    with lock:
                        turn = next(turns, None)
                    if turn is None:
                        break
                    due = started + turn / rate if rate else time.monotonic()
                    time.sleep(max(0.0, due - time.monotonic()))
                    connection.do(turn, due)
        except (OSError, RuntimeError) as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"A request failed: {failed[0]}")
    return time.monotonic() - started


def answer_lines(drive: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Read lines of JSON and answer each with one, until there are no more."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(drive(json.loads(line))) + "\n")
        sys.stdout.flush()
