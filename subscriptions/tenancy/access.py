"""Which companies a user may see and change in the admin, by their role: operators all, members their own.

The role of the membership decides. Django's permissions are not used, and a user without a membership has no access.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from ..models import Company, Membership

OWNERS = frozenset({Membership.Role.OWNER.value})
WRITERS = OWNERS | {Membership.Role.ADMIN.value}


@dataclass(frozen=True)
class Access:
    """`roles`: the user's role by company id. `all_companies`: true for operators. `zones` and `names`: time zone and
    name by company id; empty for operators."""

    all_companies: bool
    roles: Mapping[int, str]
    zones: Mapping[int, str]
    names: Mapping[int, str]

    def writable_company_ids(self, by: Set[str] = WRITERS) -> list[int]:
        """The companies in which the user has one of the roles `by`."""
        return [company_id for company_id, role in self.roles.items() if role in by]

    @property
    def several(self) -> bool:
        return self.all_companies or len(self.roles) > 1

    @property
    def zone(self) -> str:
        """The time zone that all accessible companies share, or UTC."""
        zones = set(self.zones.values())
        return zones.pop() if len(zones) == 1 and not self.all_companies else "UTC"

    def may_read(self, company_id: int | None) -> bool:
        return self.all_companies or company_id in self.roles

    def may_read_some(self) -> bool:
        return self.all_companies or bool(self.roles)

    def may_write(self, company_id: int | None, by: Set[str] = WRITERS) -> bool:
        return self.all_companies or (company_id is not None and self.roles.get(company_id) in by)

    def may_write_some(self, by: Set[str] = WRITERS) -> bool:
        return self.all_companies or bool(self.writable_company_ids(by))

    def limit(self, rows: QuerySet[Any], path: str, *, writing: bool = False, by: Set[str] = WRITERS) -> QuerySet[Any]:
        """Filter rows to accessible companies. `path` leads to the company; it is "pk" for companies themselves."""
        if self.all_companies:
            return rows
        return rows.filter(**{f"{path}__in": self.writable_company_ids(by) if writing else list(self.roles)})

    def only_company(self, by: Set[str] = WRITERS) -> Company | None:
        """The company of new rows, for a user who may write in exactly one."""
        mine = self.writable_company_ids(by)
        if self.all_companies or len(mine) != 1:
            return None
        return Company.objects.defer("signing_key").get(pk=mine[0])


def access_of(request: HttpRequest) -> Access:
    """The access of the request's user, read once per request."""
    known: Access | None = getattr(request, "_access", None)
    if known is None:
        known = _read(request)
        request._access = known  # type: ignore[attr-defined]
    return known


def _read(request: HttpRequest) -> Access:
    user = request.user
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return Access(False, {}, {}, {})
    if user.is_superuser:
        return Access(True, {}, {}, {})
    rows = Membership.objects.filter(user=user).values_list("company_id", "role", "company__time_zone", "company__name")
    return Access(
        False,
        {company_id: role for company_id, role, _, _ in rows},
        {company_id: zone for company_id, _, zone, _ in rows},
        {company_id: name for company_id, _, _, name in rows},
    )
