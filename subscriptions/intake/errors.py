"""Why an item from outside is refused. No Django."""

from __future__ import annotations

LONGEST_DETAIL = 500


class Refused(Exception):
    """`reason` is one of the refused model's Reason; `detail` tells the company's admin what is wrong."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail[:LONGEST_DETAIL]
        super().__init__(self.detail)
