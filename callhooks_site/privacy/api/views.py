"""Erase a person, and hand out a person's data."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from calls.models import Person
from subscriptions.api.kit import unread
from subscriptions.api.kit.errors import Conflict
from subscriptions.api.kit.fields import StrictBooleanField, StrictCharField
from subscriptions.api.kit.serializers import StrictSerializer
from subscriptions.api.kit.views import ListViewSet, RetrieveViewSet, TenantViewSet, accept_body
from subscriptions.lib.errors import ActionRefused
from subscriptions.models import ApiKey
from subscriptions.tenancy import audit_log

from .. import certificate, counting, handing_out, jobs, who
from ..models import Erasure
from . import reference

JSON = "application/json"
KINDS = ("phone", "email", "person")


class ErasureSerializer(serializers.Serializer[Erasure]):
    id = serializers.CharField()
    state = serializers.CharField()
    progress = serializers.DictField(allow_null=True)
    requested_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    person = serializers.ListField(child=serializers.CharField())
    person_is = serializers.CharField()
    erased = serializers.DictField(child=serializers.IntegerField())
    kept = serializers.CharField()
    files_elsewhere = serializers.DictField(child=serializers.IntegerField())
    looked_through = serializers.IntegerField()

    def to_representation(self, instance: Erasure) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(certificate.build(instance))  # type: ignore[arg-type]
        return shown


class NewErasure(StrictSerializer):
    phone = StrictCharField(required=False, help_text="A phone number in any notation.")
    email = StrictCharField(required=False, help_text="An email address.")
    person = StrictCharField(required=False, help_text="A person's id. Give one of the three.")
    confirm = StrictBooleanField(required=False, help_text="Must be true: an erasure cannot be undone.")
    count_only = StrictBooleanField(required=False, help_text="Only return what would be erased.")


class ErasureCount(StrictSerializer):
    """The response with `count_only`."""

    counts = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    earlier = serializers.ListField(child=serializers.CharField(), read_only=True)


class ErasureViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.ERASURES
    serializer_class = ErasureSerializer
    write_scope = ApiKey.Scope.MANAGE
    order_field = "id"

    def get_queryset(self) -> QuerySet[Erasure]:
        return Erasure.objects.filter(company=self.company).defer("contacts")

    @extend_schema(request=NewErasure, responses={201: ErasureSerializer, 200: ErasureCount})
    def create(self, request: Request) -> Response:
        data = accept_body(NewErasure, request)
        found = self._find(data)
        if data.get("count_only"):
            if not unread.may_read(request.auth):
                raise PermissionDenied("Counting needs the scope 'read' too. Use a key with both scopes.")
            earlier = [one.resource_id for one in jobs.find_earlier(self.company, found)]
            return Response({"counts": counting.count(found), "earlier": earlier})
        if not data.get("confirm"):
            raise ValidationError({"confirm": "An erasure cannot be undone. Send true, or count_only to look first."})
        key: Any = request.auth
        try:
            job = jobs.start(self.company, found, by=audit_log.Actor.program(key))
        except ActionRefused as error:
            raise Conflict(str(error)) from None
        return self.created_response(job)

    def _find(self, data: dict[str, Any]) -> who.Who:
        given = [name for name in KINDS if data.get(name)]
        if len(given) != 1:
            raise ValidationError({"phone": "Give one of phone, email and person."})
        text = data[given[0]].strip()
        try:
            if (given[0] == "email") != ("@" in text) or (given[0] == "person") != text.startswith("PER"):
                raise who.NotUnderstood(f"This is no {given[0]}.")
            return who.find(self.company, text)
        except who.NotUnderstood as error:
            raise ValidationError({given[0]: str(error)}) from None


class ExportsBusy(APIException):
    status_code = HTTPStatus.TOO_MANY_REQUESTS
    wait = handing_out.LOOK_AGAIN_SECONDS
    default_detail = handing_out.BUSY


class PersonExportViewSet(TenantViewSet):
    reference = reference.EXPORTS
    serializer_class = StrictSerializer
    queryset = Person.objects.none()

    def get_queryset(self) -> QuerySet[Person]:
        return Person.objects.filter(company=self.company)

    @extend_schema(responses={(200, JSON): OpenApiTypes.OBJECT})
    def retrieve(self, request: Request, **address: str) -> HttpResponse:
        try:
            found = who.find(self.company, address["resource_id"])
        except who.NotUnderstood:
            raise Http404 from None
        person = self.get_object()
        try:
            answer = handing_out.answer(request, self.company, found, person.resource_id)
        except handing_out.Busy:
            raise ExportsBusy from None
        try:
            self.record_audit("Exported a person's data", person)
        except BaseException:
            answer.close()
            raise
        return answer  # type: ignore[return-value]
