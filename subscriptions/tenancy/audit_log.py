"""The audit log: who did what to a company's settings, secrets, members, keys, subscriptions and deliveries. An entry
is written in the transaction of the action itself: there is never one without the other.

Entries never contain secrets, nor anything that could be one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from ..models import ApiKey, AuditEntry, Company

MOST_NAME, MOST_DETAIL = 200, 500  # column lengths; longer text is cut, never refused


@dataclass(frozen=True)
class Actor:
    """Who did it: a person, a program with its API key, or the service itself."""

    name: str
    user: Any = None
    api_key: ApiKey | None = None
    of_operator: bool = False

    @classmethod
    def person(cls, user: Any) -> Actor:
        return cls(user.get_username(), user=user, of_operator=bool(user.is_superuser))

    @classmethod
    def program(cls, key: ApiKey) -> Actor:
        return cls(f"API key {key}", api_key=key, of_operator=key.of_operator)


SERVICE = Actor("Callhooks")


def record(
    actor: Actor,
    act: str,
    obj: Model | None = None,
    *,
    company: Company | int | None = None,
    detail: str = "",
    as_operator: bool | None = None,
) -> AuditEntry:
    """Write an entry. `act` is what happened, in the past tense ("Paused"); `obj` is the object of it, and gives the
    entry its company unless `company` is given. A superuser always acts as an operator."""
    if company is None:
        company = getattr(obj, "company_id", None)
    return AuditEntry.objects.create(
        company_id=company.pk if isinstance(company, Company) else company,
        actor=actor.name[:MOST_NAME],
        user=actor.user,
        api_key=actor.api_key,
        as_operator=actor.of_operator if as_operator is None else as_operator,
        act=act[:60],
        object_type=str(obj._meta.verbose_name)[:60] if obj is not None else "",
        object_id=str(obj.pk)[:60] if obj is not None else "",
        object_name=str(obj)[:MOST_NAME] if obj is not None else "",
        detail=detail[:MOST_DETAIL],
    )
