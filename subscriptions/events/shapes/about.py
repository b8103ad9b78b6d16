"""What an event is, for bodies that tell more than the usual one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class About:
    """What an event is, beside its body."""

    id: UUID
    type: str
    subject_id: str
    company: str  # its resource id
    sequence: int
    created_at: str  # ISO 8601
    company_name: str = ""
    link: str = ""  # its page, for people
