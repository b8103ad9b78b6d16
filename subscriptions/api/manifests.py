"""Manifests of a subscription: what it was to get on each day, signed, for its receiver to check."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from ..feed.manifests.documents import signed_headers, unpack
from ..models import Manifest, ManifestPage, Subscription
from .kit.views import RESOURCE_ID, ListViewSet

ADDRESS = rf"subscriptions/(?P<resource_id>{RESOURCE_ID})/manifests"
NDJSON = "application/x-ndjson"


class ManifestSerializer(serializers.ModelSerializer[Manifest]):
    class Meta:
        model = Manifest
        fields = ["day", "number", "events", "delivered", "made_at"]


class PreviousSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    sha256 = serializers.CharField(help_text="Of that manifest's bytes.")


class PageSerializer(serializers.Serializer[Any]):
    events = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Of the page's bytes.")


class ManifestDocument(serializers.Serializer[Any]):
    subscription = serializers.CharField()
    company = serializers.CharField()
    day = serializers.DateField(help_text="In UTC.")
    number = serializers.IntegerField(help_text="Of the subscription's manifests, from 1.")
    previous = PreviousSerializer(allow_null=True, help_text="The manifest before this one; null for the first.")
    events = serializers.IntegerField()
    outcomes = serializers.DictField(child=serializers.IntegerField(), help_text="How many events by outcome.")
    pages = PageSerializer(many=True)
    made_at = serializers.DateTimeField()


_ADDRESSED = [OpenApiParameter("resource_id", str, OpenApiParameter.PATH)]
_OF_DAY = [*_ADDRESSED, OpenApiParameter("day", OpenApiTypes.DATE, OpenApiParameter.PATH)]


@extend_schema(exclude=True)  # described in docs/api.md
class ManifestViewSet(ListViewSet):
    serializer_class = ManifestSerializer
    lookup_field = "day"
    lookup_value_regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    order_field = "id"

    def get_queryset(self) -> QuerySet[Manifest]:
        if getattr(self, "swagger_fake_view", False):  # drf-spectacular inspects it without a database
            return Manifest.objects.none()
        subscription = get_object_or_404(
            Subscription.objects.exclude(state=Subscription.State.ARCHIVED),
            company=self.company,
            resource_id=self.kwargs.get("resource_id"),
        )
        return Manifest.objects.filter(subscription=subscription).exclude(document=b"")

    @extend_schema(operation_id="subscriptions_manifests_list", responses=ManifestSerializer(many=True))
    def list(self, request: Request, **address: str) -> Any:
        return super().list(request)

    @extend_schema(operation_id="subscriptions_manifests_retrieve", parameters=_OF_DAY, responses=ManifestDocument)
    def retrieve(self, request: Request, **address: str) -> HttpResponse:
        """The manifest of a day. Its signatures are in the response's headers, as those of a webhook: verify them over
        the exact bytes."""
        manifest = self._find(address["day"])
        answer = HttpResponse(bytes(manifest.document), content_type="application/json")
        answer.headers.update(signed_headers(manifest, manifest.subscription))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @extend_schema(
        operation_id="subscriptions_manifests_page",
        parameters=[*_OF_DAY, OpenApiParameter("number", int, OpenApiParameter.PATH)],
        responses={(200, NDJSON): OpenApiTypes.STR},
    )
    @action(detail=True, methods=["get"], url_path=r"pages/(?P<number>[0-9]{1,6})")
    def page(self, request: Request, **address: str) -> HttpResponse:
        """A page of a manifest's events: lines of JSON, each [id, type, subject, sequence, SHA-256 of the body,
        outcome]. The manifest has the hash of these bytes."""
        page = ManifestPage.objects.filter(manifest=self._find(address["day"]), number=address["number"]).first()
        if page is None:
            raise Http404
        return HttpResponse(unpack(page), content_type=NDJSON)

    def _find(self, day: str) -> Manifest:
        try:
            wanted = date.fromisoformat(day)
        except ValueError:
            raise Http404 from None
        manifest = self.get_queryset().select_related("subscription__company").filter(day=wanted).first()
        if manifest is None:
            raise Http404
        return manifest
