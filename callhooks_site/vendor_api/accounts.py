"""Accounts: the companies that a key may see, each as an account of its own."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.models import Company

from . import ids
from .paging import Listing, Sort, order_of
from .params import Params
from .shapes import FLAG, TEXT, WHOLE, Context, Field, Shape, always
from .views import VendorView

SHAPE = Shape(
    {
        "id": Field(TEXT, lambda company, context: ids.account_id(company)),
        "name": Field(TEXT, lambda company, context: company.name),
        "outbound_recording_enabled": Field(FLAG, lambda company, context: company.recording_expected),
        "hipaa_account": always(False, FLAG),
        "numeric_id": Field(WHOLE, lambda company, context: ids.account_number(company), selectable=True),
    }
)
SORTS = {"name": Sort("name")}
# Accounts have no zone of their own and no address below them.
_NOWHERE = Context(zone="UTC", base="")


class AccountsView(VendorView):
    def get(self, request: Request) -> Response:
        params = Params(request.query_params)
        rows = self.accounts()
        if params.flag("hipaa_account"):
            rows = rows.none()  # no account of ours is one
        names = SHAPE.names(params.many("fields"))

        def show(keys: list[int]) -> list[dict[str, object]]:
            by_key = {row.pk: row for row in Company.objects.filter(pk__in=keys).defer("signing_key")}
            return [SHAPE.show(by_key[key], _NOWHERE, names) for key in keys]

        return Listing(request, rows, order_of(params, SORTS, "name")).answer("accounts", show)


class AccountView(VendorView):
    def get(self, request: Request, account: str) -> Response:
        return self.one(self.company, SHAPE)
