"""Doing things at the same moment, each in a thread with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection


def at_once(work: Sequence[Callable[[], Any]], *, seconds: float = 30.0) -> list[Any]:
    """Start all together; return what each returned. Raises the first error that one of them raised."""
    start = threading.Barrier(len(work))
    results: list[Any] = [None] * len(work)
    errors: list[BaseException] = []

    def run(number: int, task: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()  # so that they meet in the work, not in connecting
            start.wait(seconds)
            results[number] = task()
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    assert not any(thread.is_alive() for thread in threads), f"not done within {seconds} s"
    if errors:
        raise errors[0]
    return results


def with_own_connection(work: Callable[[], Any]) -> Any:
    """For a thread of a pool: what `work` returns; the thread's connection is closed then."""
    try:
        return work()
    finally:
        connection.close()
