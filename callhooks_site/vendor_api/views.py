"""What all views share: the account of the address, the vendor's headers, lists and objects of a shape."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from subscriptions.api.kit import unread
from subscriptions.api.kit.cycles import free_when_written
from subscriptions.models import ApiKey, Company
from subscriptions.tenancy import audit_log

from . import dates, ids
from .authentication import HasScope, TokenAuthentication
from .errors import BadRequest, Forbidden, NotHere, handler
from .formats import AnyJson, Json, Negotiation
from .paging import Listing, Order, Show, address_with
from .params import Params
from .shapes import Context, Shape
from .throttling import Counted, rate_headers

_BASE = re.compile(r"^.*?/v3(?=/|$)")


class VendorView(APIView):
    """`account` in the address is a company that the key may see; everything is read from its rows."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScope,)
    throttle_classes = (Counted,)
    renderer_classes = (Json,)
    parser_classes = (AnyJson,)
    content_negotiation_class = Negotiation
    http_method_names = ["get", "post", "put", "delete"]
    write_scope = ApiKey.Scope.INGEST
    schema = None  # it has a document of its own: `openapi.py`
    company: Company

    def get_exception_handler(self) -> Callable[..., Response]:
        return handler

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.began = time.monotonic()
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if "account" in kwargs:
            self.company = self._company(kwargs["account"])
            self.params = Params(request.query_params)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if request.auth is not None:
            unread.limit_response(request, response)
        self.headers.update({name: value for name, value in rate_headers().items() if name not in self.headers})
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers["Vary"] = "Origin"
        response.headers["Cache-Control"] = "max-age=0, private, must-revalidate"
        response.headers["X-Runtime"] = f"{time.monotonic() - self.began:.6f}"
        free_when_written(response)
        if response.status_code == 200 and request.method == "GET":  # last: it may put another answer in its place
            response.add_post_render_callback(_TaggedFor(request.headers.get("If-None-Match", "")))
        return response

    # --- the account ----------------------------------------------------------------------------------------------
    def accounts(self) -> QuerySet[Company]:
        """The companies that the key may see."""
        key: Any = self.request.auth
        visible = Company.objects.defer("signing_key")
        return visible if key.of_operator else visible.filter(pk=key.company_id)

    def _company(self, text: str) -> Company:
        query = ids.account_query(text)
        key: Any = self.request.auth
        if query is None:
            raise NotHere
        if not key.of_operator:
            if key.company is None or text not in (ids.account_id(key.company), str(ids.account_number(key.company))):
                raise NotHere
            company: Company = key.company
            return company
        found = self.accounts().filter(query).first()
        if found is None:
            raise NotHere
        return found

    def address(self, **changed: int) -> str:
        """This request's address with these parameters instead of its own."""
        return address_with(self.request, changed)

    def check_company(self, given: Any) -> None:
        """`company_id` is this account's company, or is left out."""
        if given in (None, ""):
            return
        query = ids.row_query(str(given), ids.COMPANY)
        if query is None or query not in (Q(pk=self.company.pk), Q(resource_id=self.company.resource_id)):
            raise NotHere(f"company_id: {str(given)[:40]} is no company of this account.")

    # --- answers --------------------------------------------------------------------------------------------------
    @property
    def context(self) -> Context:
        return Context(
            zone=dates.zone_of(self.params, self.company.time_zone),
            base=f"{self.base}/a/{ids.account_id(self.company)}",
        )

    @property
    def base(self) -> str:
        """Where this API is, as the client reached it; some write `//v3`."""
        path = _BASE.match(self.request.path)
        return self.request.build_absolute_uri(re.sub("/+", "/", path[0]) if path else "/v3")

    def listed(
        self,
        collection: str,
        rows: QuerySet[Any],
        order: Order,
        shape: Shape,
        *,
        load: Callable[[list[Any]], list[Any]] | None = None,
        names: Collection[str] | None = None,
        count: Callable[[QuerySet[Any]], int] | None = None,
    ) -> Response:
        return Listing(self.request, rows, order, count=count).answer(collection, self.shower(rows, shape, load, names))

    def shower(
        self,
        rows: QuerySet[Any],
        shape: Shape,
        load: Callable[[list[Any]], list[Any]] | None = None,
        names: Collection[str] | None = None,
    ) -> Show:
        """Shows the rows of keys. They are found first, and only then read whole."""
        context, shown = self.context, shape.names(self.params.many("fields")) if names is None else names

        def show(keys: list[Any]) -> list[dict[str, Any]]:
            found = load(keys) if load else list(rows.model._default_manager.filter(pk__in=keys))
            by_key = {row.pk: row for row in found}
            return [shape.show(by_key[key], context, shown) for key in keys if key in by_key]

        return show

    def one(self, row: Any, shape: Shape, status: int = 200) -> Response:
        return Response(shape.show(row, self.context, shape.names(self.params.many("fields"))), status)

    def found(self, rows: QuerySet[Any], text: str, prefix: str) -> Any:
        """The row with this id. Raises NotHere."""
        query = ids.row_query(text, prefix)
        row = rows.filter(query).first() if query is not None else None
        if row is None:
            raise NotHere
        return row

    # --- bodies ---------------------------------------------------------------------------------------------------
    @property
    def body(self) -> Mapping[str, Any]:
        given = self.request.data
        if not isinstance(given, Mapping):
            raise BadRequest("The body must be a JSON object.")
        return given

    def note(self, act: str, row: Model, detail: str = "") -> None:
        """For the company's audit log, in the transaction of the act."""
        key: Any = self.request.auth
        audit_log.record(audit_log.Actor.program(key), act, row, company=self.company, detail=detail)


class NothingHere(VendorView):
    """Any address below `/v3/` that is none."""

    def get(self, request: Request, **address: str) -> Response:
        raise NotHere

    post = put = delete = get


class Refused(VendorView):
    """What no company of ours has: answered as the vendor answers accounts that lack it."""

    def get(self, request: Request, **address: str) -> Response:
        raise Forbidden

    post = put = delete = get


class _TaggedFor:
    """Gives an answer its weak ETag; one that the client has already is not sent again."""

    def __init__(self, known: str) -> None:
        self._known = known

    def __call__(self, response: Any) -> Any:
        tag = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
        response.headers["ETag"] = tag
        if tag not in self._known:
            return None
        return HttpResponse(status=304, headers={**response.headers, "Content-Length": "0"})
