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
        # A short claim is paid for with so many seconds, and BURST of them may be owed.
        self._every = pacing.LEAST_SECONDS
        self._used_until = -NEVER

    def add(self, companies: Iterable[int]) -> None:
        self._companies.update(companies)

    @property
    def serve_at(self) -> float:
        """When they may be claimed for; never when there are none."""
        return self._used_until - (BURST - 1) * self._every if self._companies else NEVER

    def take(self, now: float) -> tuple[list[int], bool]:
        """Those that the short claim may be for, and whether there are others."""
        companies, self._companies = self._companies, set()
        few = [company for company in companies if not self._is_left(company, now)]
        return few, len(few) < len(companies)

    def use(self, now: float, companies: int) -> None:
        """A short claim begins, for so many companies."""
        self._every = pacing.seconds_between(companies)
        # Those of before may have waited for longer: of them no more counts than BURST of now.
        self._used_until = min(max(self._used_until, now) + self._every, now + BURST * self._every)

    def leave(self, companies: Iterable[int], now: float) -> None:
        """The short claim is not for these."""
        self._left_until |= dict.fromkeys(companies, now + LEFT_SECONDS)

    def _is_left(self, company: int, now: float) -> bool:
        if self._left_until.get(company, -NEVER) > now:
            return True
        self._left_until.pop(company, None)
        return False
