"""A place in a feed, and the text by which clients know it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ..lib import opaque


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """After the event with this position and id, and before all that follow."""

    position: int
    event_id: UUID

    def __str__(self) -> str:
        return opaque.encode([str(self.position), self.event_id.hex])


BEGINNING = Cursor(0, UUID(int=0))


def after_all_of(position: int) -> Cursor:
    """The place after every event with this position."""
    return Cursor(position, UUID(int=(1 << 128) - 1))


def parse(text: str) -> Cursor:
    """Raises ValueError for whatever we did not write."""
    position, event_id = opaque.decode(text, 2)
    cursor = Cursor(opaque.parse_number(position), UUID(event_id))
    if str(cursor) != text:
        raise ValueError
    return cursor
