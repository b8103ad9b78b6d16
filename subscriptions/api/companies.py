"""Companies, for operators' keys: list, create and change them, and create API keys."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ..models import ApiKey, Company
from ..tenancy import audit_log
from . import reference
from .keys import ApiKeySerializer, MadeKeySerializer, check_end, maker
from .kit.permissions import HasScope, IsOperatorKey
from .kit.serializers import StrictModelSerializer, shared_serializer
from .kit.views import ListViewSet, RetrieveViewSet, accept_body


class CompanySerializer(StrictModelSerializer):
    class Meta:
        model = Company
        fields = """
            resource_id name time_zone country recording_expected transcription_expected created_at
        """.split()
        read_only_fields = ["resource_id", "created_at"]


class CompanyViewSet(ListViewSet, RetrieveViewSet):
    """Only for operators' keys. Other keys get 404."""

    reference = reference.COMPANIES
    serializer_class = CompanySerializer
    permission_classes = (IsOperatorKey, HasScope)
    write_scope = ApiKey.Scope.MANAGE
    told_without_read = frozenset({"key", "prefix", "expires_at"})
    idempotency_scope = None

    def get_queryset(self) -> QuerySet[Company]:
        return Company.objects.defer("signing_key")

    def create(self, request: Request) -> Response:
        with transaction.atomic():
            company = Company.objects.create(**self.accept_body())
            self._record_audit("Created the company", company, company)
        return self.created_response(company)

    def partial_update(self, request: Request, resource_id: str) -> Response:
        data = self.accept_body(partial=True)
        with transaction.atomic():
            company: Company = self.get_locked_object()
            changed = [name for name, value in data.items() if getattr(company, name) != value]
            for name in changed:
                setattr(company, name, data[name])
            if changed:
                company.save(update_fields=changed)
                self._record_audit(f"Changed {', '.join(changed)}", company, company)
        return self.object_response(company)

    @extend_schema(request=ApiKeySerializer, responses={201: MadeKeySerializer})
    @action(detail=True, methods=["post"], url_path="keys")
    def keys(self, request: Request, resource_id: str) -> Response:
        """Create an API key of this company. Only this response contains it."""
        values = accept_body(ApiKeySerializer, request)
        mine: Any = request.auth
        check_end(mine, values.get("expires_at"))
        with transaction.atomic():
            company: Company = self.get_locked_object()
            key, secret = ApiKey.objects.issue(company=company, parent=mine, made_by=maker(mine), **values)
            self._record_audit("Created an API key", key, company)
        return Response({**shared_serializer(ApiKeySerializer).to_representation(key), "key": secret}, 201)

    def _record_audit(self, act: str, obj: Any, company: Company) -> None:
        key: Any = self.request.auth
        audit_log.record(audit_log.Actor.program(key), act, obj, company=company)
