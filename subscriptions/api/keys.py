"""API keys of a company, and the key that sends the request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from ..models import ApiKey
from ..tenancy import audit_log
from . import reference
from .kit.errors import Conflict
from .kit.fields import StrictChoiceField, StrictDateTimeField, StrictIntegerField
from .kit.serializers import StrictModelSerializer, StrictSerializer
from .kit.views import ListViewSet, RetrieveViewSet, TenantViewSet, accept_body

LONGEST_OVERLAP_HOURS = 7 * 24
OVERLAP_HOURS = 24  # enough for people in two time zones


class ApiKeySerializer(StrictModelSerializer):
    """An API key. Only the response that creates it contains the key itself."""

    scopes = serializers.ListField(
        child=StrictChoiceField(ApiKey.Scope.choices), min_length=1, max_length=len(ApiKey.Scope)
    )
    expires_at = StrictDateTimeField(
        required=False,
        allow_null=True,
        help_text="null: never. A key that another key creates ends no later than that one.",
    )
    parent = serializers.IntegerField(  # type: ignore[assignment]  # DRF means a parent serializer by this name
        source="parent_id",
        read_only=True,
        allow_null=True,
        help_text="The id of the key that created this one: when it is revoked, this one is too.",
    )

    class Meta:
        model = ApiKey
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at",
                  "parent", "made_by"]  # fmt: skip
        read_only_fields = ["id", "prefix", "created_at", "revoked_at", "last_used_at", "made_by"]


class RotateKeySerializer(StrictSerializer):
    overlap_hours = StrictIntegerField(
        required=False, min_value=0, max_value=LONGEST_OVERLAP_HOURS,
        help_text=f"How many hours the old key keeps working. Default: {OVERLAP_HOURS}.",
    )  # fmt: skip


class MadeKeySerializer(ApiKeySerializer):
    """An API key with the key itself."""

    key = serializers.CharField(read_only=True, help_text="The key, `chk_…`. It is not shown again.")

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]


class ApiKeyViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.KEYS
    serializer_class = ApiKeySerializer
    read_scope = ApiKey.Scope.MANAGE
    write_scope = ApiKey.Scope.MANAGE
    lookup_field = "pk"
    lookup_value_regex = "[0-9]{1,18}"
    told_without_read = frozenset({"key", "prefix", "expires_at"})

    def get_queryset(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.filter(company=self.company)

    @extend_schema(responses={201: MadeKeySerializer})
    def create(self, request: Request) -> Response:
        values = self.accept_body()
        if more := self._lacks(values["scopes"]):
            raise serializers.ValidationError({"scopes": f"A key cannot grant scopes that it lacks: {more}."})
        if (ends := values.get("expires_at")) and ends <= timezone.now():
            raise serializers.ValidationError({"expires_at": "This time is in the past."})
        mine: Any = request.auth
        check_end(mine, ends)
        with transaction.atomic():
            key, secret = ApiKey.objects.issue(company=self.company, parent=mine, made_by=maker(mine), **values)
            self._record_audit("Created an API key", key)
        answer = self.created_response(key)
        answer.data = answer.data.with_more({"key": secret})
        return answer

    @extend_schema(request=RotateKeySerializer, responses={201: MadeKeySerializer})
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """Create a key with the name and scopes of this one, which keeps working for `overlap_hours`."""
        hours = accept_body(RotateKeySerializer, request).get("overlap_hours", OVERLAP_HOURS)
        with transaction.atomic():
            old: ApiKey = self.get_locked_object()
            if not old.usable:
                raise Conflict("This key has expired or was revoked. Create a new one.")
            if more := self._lacks(old.scopes):
                raise PermissionDenied(f"A key cannot grant scopes that it lacks: {more}.")
            mine: Any = request.auth
            key, secret = ApiKey.objects.rotate(old, overlap=timedelta(hours=hours), by=mine, made_by=maker(mine))
            self._record_audit("Rotated an API key", old)
        answer = self.created_response(key)
        answer.headers["Location"] = request.path.replace(f"/{pk}/rotate/", f"/{key.pk}/")
        answer.data = answer.data.with_more({"key": secret})
        return answer

    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke the key, and the keys that it created. They stay in the list."""
        with transaction.atomic():
            for key in ApiKey.objects.revoke([self.get_object().pk]):
                self._record_audit("Revoked an API key", key)
        return Response(status=204)

    def _lacks(self, scopes: Iterable[str]) -> str:
        mine: Any = self.request.auth
        return ", ".join(sorted(set(scopes) - set(mine.scopes)))

    def _record_audit(self, act: str, key: ApiKey) -> None:
        mine: Any = self.request.auth
        audit_log.record(audit_log.Actor.program(mine), act, key)


def maker(key: ApiKey) -> str:
    """Who a key says that it was created by, if this key creates it."""
    return audit_log.Actor.program(key).name


def check_end(maker: ApiKey, ends: datetime | None) -> None:
    if ends is not None and maker.expires_at is not None and ends > maker.expires_at:
        raise serializers.ValidationError(
            {"expires_at": f"The key that asks expires at {maker.expires_at:%Y-%m-%dT%H:%M:%SZ}. Choose no later time."}
        )


class OwnKeySerializer(ApiKeySerializer):
    """An API key with its company."""

    company = serializers.CharField(source="company.resource_id", read_only=True)
    company_name = serializers.CharField(source="company.name", read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "company", "company_name"]


class OwnKeyViewSet(TenantViewSet):
    """The API key that sends the request."""

    reference = reference.OWN_KEY
    serializer_class = ApiKeySerializer
    pagination_class = None
    filter_backends = ()

    def get_queryset(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.filter(company=self.company)

    @extend_schema(responses=forced_singular_serializer(OwnKeySerializer))  # type: ignore[no-untyped-call]
    def list(self, request: Request) -> Response:
        key: Any = request.auth
        return Response({**self.represent(key), "company": self.company.resource_id, "company_name": self.company.name})
