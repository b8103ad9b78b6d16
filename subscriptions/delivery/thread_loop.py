"""Requests under way in threads, behind the interface of the network loop, until that is there."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections import deque
from collections.abc import Collection, Hashable
from queue import SimpleQueue

from .http.client import Answer, Client, Request


class Loop:
    def __init__(self, client: Client, *, in_flight: int) -> None:
        self._client = client
        self._queue: SimpleQueue[tuple[Hashable, Request] | None] = SimpleQueue()
        self._answers: deque[tuple[Hashable, Answer]] = deque()
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self.in_flight = 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(min(64, in_flight))]
        for thread in self._threads:
            thread.start()

    def start(self, key: Hashable, request: Request) -> None:
        self.in_flight += 1
        self._queue.put((key, request))

    def wait(self, timeout: float, descriptors: Collection[int] = ()) -> tuple[list[tuple[Hashable, Answer]], set[int]]:
        poll = select.poll()
        for one in {self._ours.fileno(), *descriptors}:
            poll.register(one, select.POLLIN)
        ready = {one for one, _ in poll.poll(0 if self._answers else timeout * 1000)}
        with contextlib.suppress(BlockingIOError):
            self._ours.recv(4096)
        answers = [self._answers.popleft() for _ in range(len(self._answers))]
        self.in_flight -= len(answers)
        return answers, ready & set(descriptors)

    def close(self) -> None:
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._client.close()
        self._ours.close()
        self._theirs.close()

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            key, request = job
            self._answers.append((key, self._client.send(request)))
            with contextlib.suppress(BlockingIOError):
                self._theirs.send(b".")
