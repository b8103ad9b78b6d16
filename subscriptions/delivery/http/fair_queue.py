"""What waits, of many tenants: each has its turn, however many of another's wait."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """First come, first served within a tenant; one of each tenant in turn."""

    def __init__(self) -> None:
        self._queues: OrderedDict[int, deque[Item]] = OrderedDict()  # the tenant whose turn it is first

    def __bool__(self) -> bool:
        return bool(self._queues)

    def push(self, tenant: int, item: Item) -> None:
        self._queues.setdefault(tenant, deque()).append(item)

    def pop(self) -> Item:
        """The next one. Raises KeyError when nothing waits."""
        tenant, queue = self._queues.popitem(last=False)
        item = queue.popleft()
        if queue:
            self._queues[tenant] = queue
        return item

    def remove(self, tenant: int, item: Item) -> None:
        """Raises KeyError or ValueError when it does not wait."""
        queue = self._queues[tenant]
        queue.remove(item)
        if not queue:
            del self._queues[tenant]
