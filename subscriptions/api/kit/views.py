"""Base classes of the API's views."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from ...models import ApiKey, Company
from ...tenancy import audit_log
from . import etags, idempotency, unread
from .authentication import company_of
from .cycles import free_when_written
from .serializers import StrictSerializer, shared_serializer

RESOURCE_ID = "[A-Z]{3}[0-9a-f]{32}"


class TenantViewSet(GenericViewSet[Any]):
    """Objects of the key's company. `get_queryset` must filter by `self.company`."""

    read_scope = ApiKey.Scope.READ
    write_scope = ApiKey.Scope.MANAGE
    lookup_field = "resource_id"
    lookup_value_regex = RESOURCE_ID
    order_field = "created_at"
    max_page_size = 500
    # Whether a POST of an existing object (same natural key or name) returns it with 200.
    returns_existing = False

    # What responses to keys without `read` contain beside ids and what was sent: see `unread`.
    told_without_read: frozenset[str] = frozenset()
    masked_without_read: frozenset[str] = frozenset()

    idempotency_key: str | None = None
    digest = ""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        # One transaction for the whole request: the change and the stored response, or the version check and the
        # change.
        if idempotency.HEADER in request.headers or "If-Match" in request.headers:
            with transaction.atomic():
                return super().dispatch(request, *args, **kwargs)
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if key := idempotency.key_of(request):
            self.digest = idempotency.claim(self.idempotency_scope, key, request)
            self.idempotency_key = key
        if "If-Match" in request.headers and self.detail and request.method not in SAFE_METHODS:
            if not unread.may_read(request.auth):  # the condition tells whether a guessed value is right
                raise PermissionDenied("If-Match needs the scope 'read'. Leave it out, or use a key with that scope.")
            etags.check(request, etags.Shown(self.represent(self.get_locked_object())))

    @property
    def address(self) -> dict[str, str]:
        return {self.lookup_field: self.kwargs[self.lookup_url_kwarg or self.lookup_field]}

    def handle_exception(self, error: Exception) -> Response:
        if not isinstance(error, idempotency.AlreadyAnswered):
            return super().handle_exception(error)
        kept = error.answer
        answer = Response(json.loads(kept.body or "null"), kept.status, headers=dict(kept.headers))
        answer.headers["Idempotency-Replayed"] = "true"
        return answer

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if request.auth is not None:
            unread.limit_response(request, response, told=self.told_without_read, masked=self.masked_without_read)
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.idempotency_key and 200 <= response.status_code < 300:
            idempotency.keep(self.idempotency_scope, self.idempotency_key, self.digest, response.render())
        free_when_written(response)
        return response

    @property
    def idempotency_scope(self) -> int | None:
        """The company whose Idempotency-Keys these are; None: those of operators' keys."""
        return int(self.company.pk)

    @property
    def company(self) -> Company:
        if getattr(self, "swagger_fake_view", False):  # drf-spectacular inspects the queryset without a request
            return Company(pk=0)
        return company_of(self.request)

    def get_locked_object(self) -> Any:
        """The object of the URL, locked until the transaction ends."""
        return get_object_or_404(self.get_queryset().select_for_update(no_key=True, of=("self",)), **self.address)

    def record_audit(self, act: str, obj: Any, detail: str = "") -> None:
        """Add an audit log entry. Call it in the transaction of the action."""
        key: Any = self.request.auth
        audit_log.record(audit_log.Actor.program(key), act, obj, company=self.company, detail=detail)

    def represent(self, instance: Any) -> dict[str, Any]:
        serializer: serializers.BaseSerializer[Any] = shared_serializer(self.get_serializer_class())
        body: dict[str, Any] = serializer.to_representation(instance)
        return body

    def accept_body(self, *, partial: bool = False) -> dict[str, Any]:
        """The validated body of the request."""
        key: Any = self.request.auth
        return accept_body(self.get_serializer_class(), self.request, partial=partial, company=key.company)

    def object_response(self, instance: Any, status: int = 200, **headers: str) -> Response:
        """An object with its ETag."""
        body = etags.Shown(self.represent(instance))
        return Response(body, status, headers={"ETag": etags.etag(body), **headers})

    def created_response(self, instance: Any, *, new: bool = True) -> Response:
        """201 with Location for a new object, 200 for an existing one."""
        if not new:
            return self.object_response(instance)
        name = str(getattr(instance, self.lookup_field))
        return self.object_response(instance, 201, Location=f"{self.request.path}{name}/")


class ListViewSet(TenantViewSet):
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([self.represent(instance) for instance in page or ()])


class RetrieveViewSet(TenantViewSet):
    def retrieve(self, request: Request, **address: str) -> Response:
        answer = self.object_response(self.get_object())
        known = request.headers.get("If-None-Match")
        if known is not None and etags.matches(known, answer.headers["ETag"]):
            return Response(status=304, headers={"ETag": answer.headers["ETag"]})
        return answer


class UnknownAddress(APIView):
    """404 as a problem for unknown URLs. Django would respond in HTML, and redirect a POST without a trailing slash,
    which loses its body."""

    authentication_classes = ()
    permission_classes = ()

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        hint = "" if request.path.endswith("/") else " URLs of this API end with a slash."
        raise NotFound(f"There is nothing at {request.path[:200]}.{hint}")


def accept_body(
    serializer_class: type[Any], request: Request, *, partial: bool = False, company: Company | None = None
) -> dict[str, Any]:
    serializer: StrictSerializer = shared_serializer(serializer_class)
    return serializer.accept(request.data, partial=partial, company=company)
