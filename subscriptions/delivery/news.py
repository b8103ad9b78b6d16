"""What a wake-up says: which companies have something new to send. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

# More companies are not named: one claim that looks at all costs less than one for each of them.
MOST_NAMED = 8
MOST_DIGITS = 18  # any of that length is a bigint


@dataclass(frozen=True, slots=True)
class News:
    """`everywhere`: there may be something of any company. False where there is no news."""

    companies: Set[int] = field(default_factory=frozenset)
    everywhere: bool = False

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.companies)

    def __or__(self, other: News) -> News:
        return News(self.companies | other.companies, self.everywhere or other.everywhere)

    def payload(self) -> str:
        """The companies' numbers with commas between; empty means everywhere."""
        if self.everywhere or len(self.companies) > MOST_NAMED:
            return ""
        return ",".join(map(str, sorted(self.companies)))

    @classmethod
    def read(cls, payloads: Iterable[str]) -> News:
        """Of several payloads. One that nobody here wrote, as that of an older version, says everywhere."""
        companies: set[int] = set()
        everywhere = False
        for payload in payloads:
            numbers = payload.split(",")
            if all(number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS for number in numbers):
                companies.update(map(int, numbers))
            else:
                everywhere = True
        return cls(companies, everywhere)
