"""Compare expected webhooks with those that arrived. Uses no files and no clock."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

Key = tuple[str, str]  # resource id, event


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request that the receiver recorded."""

    event: str
    resource_id: str
    webhook_id: str
    good: bool
    version: str = ""  # the payload version that its path is for


class Expectations:
    """Counts distinct good webhook ids, so attempts and resends of one event count once."""

    def __init__(self) -> None:
        self._expected: Counter[Key] = Counter()
        self._unsure: set[str] = set()
        self._ids: defaultdict[Key, set[str]] = defaultdict(set)
        self._bad: Counter[str] = Counter()
        self._known_ids: set[str] = set()

    def expect(self, resource_id: str, events: Iterable[str]) -> None:
        self._known_ids.add(resource_id)
        self._expected.update((resource_id, event) for event in events)

    def copy_expected(self) -> "Expectations":
        """The same events, of which nothing has arrived: those of another payload version."""
        other = Expectations()
        other._expected, other._known_ids, other._unsure = self._expected, self._known_ids, self._unsure
        return other

    def record_unclear(self, resource_id: str) -> None:
        """A request about it got no clear response: more webhooks than expected may arrive for it."""
        self._unsure.add(resource_id)

    def record_arrival(self, arrival: Arrival) -> None:
        """Can be called before `expect`: a webhook can be faster than the response to the request that caused it."""
        if arrival.good:
            self._ids[arrival.resource_id, arrival.event].add(arrival.webhook_id)
        elif arrival.resource_id in self._known_ids:
            self._bad[arrival.event] += 1

    def missing(self) -> dict[Key, int]:
        found = {key: wanted - len(self._ids.get(key, ())) for key, wanted in self._expected.items()}
        return {key: count for key, count in found.items() if count > 0}

    def surplus(self) -> dict[Key, int]:
        """Events that arrived without an accepted request that explains them."""
        found = {
            (resource_id, event): len(ids) - self._expected[resource_id, event]
            for (resource_id, event), ids in self._ids.items()
            if resource_id in self._known_ids and resource_id not in self._unsure
        }
        return {key: count for key, count in found.items() if count > 0}

    def expected_total(self) -> int:
        return self._expected.total()

    def by_event(self, event: str) -> tuple[int, int, int]:
        """Expected, arrived with valid signatures, arrived with an invalid one; only for objects known here."""
        expected = sum(count for (_, name), count in self._expected.items() if name == event)
        arrived = sum(
            len(ids) for (owner, name), ids in self._ids.items() if name == event and owner in self._known_ids
        )
        return expected, arrived, self._bad[event]
