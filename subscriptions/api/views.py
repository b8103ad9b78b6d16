"""What all views of the API share: a tenant's objects, found by resource id, listed by cursor."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from ..models import ApiKey, Company
from .authentication import company_of
from .serializers import Strict, shared

RESOURCE_ID = "[A-Z]{3}[0-9a-f]{32}"


class TenantViewSet(GenericViewSet[Any]):
    """`get_queryset` gives only rows of the key's company: another's object is not there."""

    read_scope = ApiKey.Scope.READ
    write_scope = ApiKey.Scope.MANAGE
    lookup_field = "resource_id"
    lookup_value_regex = RESOURCE_ID
    newest = "created_at"
    largest_page = 500

    @property
    def company(self) -> Company:
        return company_of(self.request)

    def shown(self, instance: Any) -> dict[str, Any]:
        serializer: serializers.BaseSerializer[Any] = shared(self.get_serializer_class())
        return serializer.to_representation(instance)

    def accepted(self, *, partial: bool = False) -> dict[str, Any]:
        """The request's body, checked."""
        return accept(self.get_serializer_class(), self.request, partial=partial)

    def made(self, instance: Any, *, new: bool = True) -> Response:
        """201 with the address of a new object, 200 for one that was there already."""
        body = self.shown(instance)
        if not new:
            return Response(body)
        name = str(getattr(instance, self.lookup_field))
        return Response(body, 201, headers={"Location": f"{self.request.path}{name}/"})


class Listed(TenantViewSet):
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([self.shown(instance) for instance in page or ()])


class Shown(TenantViewSet):
    def retrieve(self, request: Request, **address: str) -> Response:
        return Response(self.shown(self.get_object()))


class NothingHere(APIView):
    """Any address of the API that is none. Without it Django would answer in HTML, and send a POST without the
    slash at its end through a redirect that loses its body."""

    authentication_classes = ()
    permission_classes = ()

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        hint = "" if request.path.endswith("/") else " Addresses of this API end with a slash."
        raise NotFound(f"There is nothing at {request.path[:200]}.{hint}")


def accept(serializer_class: type[Any], request: Request, *, partial: bool = False) -> dict[str, Any]:
    serializer: Strict = shared(serializer_class)
    return serializer.accept(request.data, partial=partial)
