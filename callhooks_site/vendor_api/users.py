"""Users: the members of the company. They are invited, changed and removed in the admin only."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.models import Membership

from . import ids
from .errors import Forbidden, NotHere
from .paging import Sort, order_of
from .shapes import FLAG, LIST, TEXT, TEXT_OR_NULL, Context, Field, Shape, of, utc
from .views import VendorView

SORTS = {"email": Sort("user__email"), "created_at": Sort("created_at", of_time=True)}
ROLES = {Membership.Role.OWNER: "admin", Membership.Role.ADMIN: "admin", Membership.Role.VIEWER: "reporting"}


def _companies(member: Any, context: Context) -> list[dict[str, str]]:
    return [{"id": member.company.resource_id, "name": member.company.name}]


SHAPE = Shape(
    {
        "email": Field(TEXT, lambda member, context: member.user.email or member.user.get_username()),
        "id": Field(TEXT, lambda member, context: ids.user_id(member.user_id)),
        "created_at": Field(TEXT, lambda member, context: utc(member.created_at)),
        "role": Field({"enum": ["admin", "manager", "reporting"]}, lambda member, context: ROLES[member.role]),
        "first_name": of("user.first_name", TEXT_OR_NULL),
        "last_name": of("user.last_name", TEXT_OR_NULL),
        "name": Field(TEXT_OR_NULL, lambda member, context: member.user.get_full_name() or None),
        "accepted": of("user.is_active", FLAG),
        "companies": Field(LIST, _companies),
    }
)


class MembersView(VendorView):
    def rows(self) -> QuerySet[Membership]:
        rows = Membership.objects.filter(company=self.company).select_related("user", "company")
        return rows.defer("company__signing_key")


class UsersView(MembersView):
    def get(self, request: Request, account: str) -> Response:
        self.check_company(self.params.text("company_id"))
        rows = self.rows()
        if term := self.params.text("search"):
            found = Q(user__email__icontains=term) | Q(user__first_name__icontains=term)
            rows = rows.filter(found | Q(user__last_name__icontains=term))
        order = order_of(self.params, SORTS, "created_at")
        return self.listed("users", rows, order, SHAPE, load=lambda keys: list(self.rows().filter(pk__in=keys)))

    def post(self, request: Request, account: str) -> Response:
        raise Forbidden


class UserView(MembersView):
    def get(self, request: Request, account: str, id: str) -> Response:
        key = ids.user_key(id)
        member = self.rows().filter(user=key).first() if key is not None else None
        if member is None:
            raise NotHere
        return self.one(member, SHAPE)

    def put(self, request: Request, account: str, id: str) -> Response:
        raise Forbidden

    delete = put
