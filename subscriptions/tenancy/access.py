"""Which companies a user may see and change in the admin, by their role: operators all, members their own.

The role of the membership decides. Django's permissions are not used, and a user without a membership has no access.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from ..lib.countries import country_of
from ..models import Company, Membership

OWNERS = frozenset({Membership.Role.OWNER.value})
WRITERS = OWNERS | {Membership.Role.ADMIN.value}
# Companies that a query names one by one, and of which a request reads names and zones. An agency may have thousands:
# its memberships are a subquery, which PostgreSQL plans in the same time for any number of them.
MOST_NAMED = 50


@dataclass(frozen=True)
class Access:
    """`roles`: the user's role by company id. `all_companies`: true for operators. `names`: of each company by its id;
    empty for operators and agencies."""

    all_companies: bool
    roles: Mapping[int, str]
    names: Mapping[int, str] = field(default_factory=dict)
    user_id: int | None = None
    # Time zone and country of each company, if they are few.
    _places: frozenset[tuple[str, str]] | None = None

    def writable_company_ids(self, by: Set[str] = WRITERS) -> list[int]:
        """The companies in which the user has one of the roles `by`."""
        return [company_id for company_id, role in self.roles.items() if role in by]

    @property
    def several(self) -> bool:
        return self.all_companies or len(self.roles) > 1

    @property
    def is_agency(self) -> bool:
        """Whether the companies are too many for a query to name them."""
        return len(self.roles) > MOST_NAMED

    @cached_property
    def places(self) -> frozenset[tuple[str, str]]:
        """The time zones and countries that the companies have; of operators none."""
        if self._places is not None:
            return self._places
        mine = self.limit(Company.objects.order_by(), "pk")
        return frozenset(mine.values_list("time_zone", "country").distinct()) if self.roles else frozenset()

    @property
    def zone(self) -> str:
        """The time zone that all accessible companies share, or UTC."""
        zones = {zone for zone, _ in self.places}
        return zones.pop() if len(zones) == 1 and not self.all_companies else "UTC"

    def regions(self) -> set[str]:
        """The countries of the accessible companies: numbers without + may be of each of them."""
        if self.all_companies:
            return set(Company.objects.exclude(country="").order_by().values_list("country", flat=True).distinct())
        return {country or country_of(zone) for zone, country in self.places}

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
        return rows.filter(**{f"{path}__in": self.companies(writing=writing, by=by)})

    def companies(self, *, writing: bool = False, by: Set[str] = WRITERS) -> list[int] | QuerySet[Any]:
        """The companies of a member, for `__in`: their ids, or a subquery if they are many."""
        if not self.is_agency:
            return self.writable_company_ids(by) if writing else list(self.roles)
        mine = Membership.objects.filter(user=self.user_id)
        return (mine.filter(role__in=sorted(by)) if writing else mine).values("company")

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
        return Access(False, {})
    if user.is_superuser:
        return Access(True, {})
    mine = Membership.objects.filter(user=user)
    company = ("company__name", "company__time_zone", "company__country")
    rows = list(mine.values_list("company_id", "role", *company)[: MOST_NAMED + 1])
    if len(rows) > MOST_NAMED:
        return Access(False, dict(mine.values_list("company_id", "role")), user_id=user.pk)
    return Access(
        False,
        roles={row[0]: row[1] for row in rows},
        names={row[0]: row[2] for row in rows},
        user_id=user.pk,
        _places=frozenset((row[3], row[4]) for row in rows),
    )
