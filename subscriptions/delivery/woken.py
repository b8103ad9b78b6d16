"""Companies that were woken and are not claimed for yet: when the short claim serves them, and which it is not for."""

from __future__ import annotations

from collections.abc import Iterable

from . import pacing

# Short claims: so many follow each other at once, then one in a while, for all who were woken meanwhile.
BURST = 3
# A company that has more than the short claim takes is left to the other one for so long.
LEFT_SECONDS = 1.0
NEVER = float("inf")


class Woken:
    """Times are those of the monotonic clock."""

    def __init__(self) -> None:
        self._companies: set[int] = set()
        self._left_until: dict[int, float] = {}
        # Short claims that were made ahead of their time, BURST at most, when the last one began. Each pause ends one.
        self._ahead = 0.0
        self._began_at = -NEVER
        self._pause = pacing.LEAST_SECONDS

    def add(self, companies: Iterable[int]) -> None:
        self._companies.update(companies)

    @property
    def serve_at(self) -> float:
        """When they may be claimed for; never when there are none."""
        return self._began_at + (self._ahead - (BURST - 1)) * self._pause if self._companies else NEVER

    def take(self, now: float) -> tuple[list[int], bool]:
        """Those that the short claim may be for, and whether there are others."""
        companies, self._companies = self._companies, set()
        few = [company for company in companies if not self._is_left(company, now)]
        return few, len(few) < len(companies)

    def use(self, now: float, companies: int) -> None:
        """A short claim begins, for so many companies."""
        self._ahead = max(0.0, self._ahead - (now - self._began_at) / self._pause) + 1
        self._began_at = now
        self._pause = pacing.seconds_between(companies)

    def leave(self, companies: Iterable[int], now: float) -> None:
        """The short claim is not for these."""
        self._left_until |= dict.fromkeys(companies, now + LEFT_SECONDS)

    def _is_left(self, company: int, now: float) -> bool:
        if self._left_until.get(company, -NEVER) > now:
            return True
        self._left_until.pop(company, None)
        return False
