"""How many requests of one kind a web process has under way that hold a thread for long. No Django."""

from __future__ import annotations

import threading
from collections import Counter


class ProcessSlots:
    def __init__(self, together: int, of_one_company: int) -> None:
        self._together, self._of_one_company = together, of_one_company
        self._taken: Counter[int] = Counter()
        self._lock = threading.Lock()

    def take(self, company: int, *, leave: int = 0) -> bool:
        """Whether there was one, with so many left for others. Each that was taken is given back once."""
        with self._lock:
            if self._taken.total() >= self._together - leave or self._taken[company] >= self._of_one_company - leave:
                return False
            self._taken[company] += 1
            return True

    def give_back(self, company: int) -> None:
        with self._lock:
            self._taken[company] -= 1
            if not self._taken[company]:
                del self._taken[company]
