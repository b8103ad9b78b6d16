"""Which companies a user may see and change in the admin, by their role: operators all, members their own.

The role of the membership decides. Django's permissions are not used, and a user without a membership has no access.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from ..lib.countries import country_of
from ..models import Company, Membership

OWNERS = frozenset({Membership.Role.OWNER.value})
WRITERS = OWNERS | {Membership.Role.ADMIN.value}


@dataclass(frozen=True)
class Access:
    """`roles`: the user's role by company id. `all_companies`: true for operators. `zones`, `names` and `countries`: of
    each company by its id; empty for operators."""

    all_companies: bool
    roles: Mapping[int, str]
    zones: Mapping[int, str]
    names: Mapping[int, str]
    countries: Mapping[int, str]

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

    def regions(self) -> set[str]:
        """The countries of the accessible companies: numbers without + may be of each of them."""
        if self.all_companies:
            return set(Company.objects.exclude(country="").order_by().values_list("country", flat=True).distinct())
        return set(self.countries.values())

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
        return Access(False, {}, {}, {}, {})
    if user.is_superuser:
        return Access(True, {}, {}, {}, {})
    company = ("company__time_zone", "company__name", "company__country")
    rows = list(Membership.objects.filter(user=user).values_list("company_id", "role", *company))
    return Access(
        False,
        roles={row[0]: row[1] for row in rows},
        zones={row[0]: row[2] for row in rows},
        names={row[0]: row[3] for row in rows},
        countries={row[0]: row[4] or country_of(row[2]) for row in rows},
    )
