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
from . import manifest_reference
from .kit.views import RESOURCE_ID, ListViewSet

ADDRESS = rf"subscriptions/(?P<resource_id>{RESOURCE_ID})/manifests"
NDJSON = "application/x-ndjson"
# Headers of a manifest, as a webhook has them.
SIGNED = {
    "webhook-id": "`manifest_`, the subscription's id and the day.",
    "webhook-timestamp": "Unix time of the answer, in seconds.",
    "webhook-signature": "Standard Webhooks 1.0: one or two `v1,…` signatures.",
    "Signature": "Base64 of the HMAC-SHA1 of the body, with the company's signing key.",
}


class ManifestSerializer(serializers.ModelSerializer[Manifest]):
    class Meta:
        model = Manifest
        fields = ["day", "number", "events", "delivered", "made_at"]
        read_only_fields = fields


class EarlierManifestSerializer(serializers.Serializer[Any]):
    day = serializers.DateField(help_text="Its day, in UTC.")
    sha256 = serializers.CharField(help_text="The SHA-256 of its body, in hex.")


class ManifestPageSerializer(serializers.Serializer[Any]):
    events = serializers.IntegerField(help_text="How many events it has.")
    sha256 = serializers.CharField(help_text="The SHA-256 of its bytes, in hex.")


class ManifestDocumentSerializer(serializers.Serializer[Any]):
    """As `feed/manifests/documents.py` writes it: for the reference."""

    subscription = serializers.CharField()
    company = serializers.CharField()
    day = serializers.DateField()
    number = serializers.IntegerField()
    previous = EarlierManifestSerializer(allow_null=True, help_text="The manifest before it. null: it is the first.")
    events = serializers.IntegerField()
    outcomes = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="How many events by outcome: `delivered`, `failed`, `pending`, `held` or `cancelled`.",
    )
    pages = ManifestPageSerializer(many=True, help_text="Its pages, in their order.")
    made_at = serializers.DateTimeField()


class ManifestViewSet(ListViewSet):
    reference = manifest_reference.MANIFESTS
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

    def list(self, request: Request, **address: str) -> Any:
        return super().list(request)

    @extend_schema(
        parameters=[
            OpenApiParameter(name, location=OpenApiParameter.HEADER, response=[200], description=words)
            for name, words in SIGNED.items()
        ],
        responses=ManifestDocumentSerializer,
    )
    def retrieve(self, request: Request, **address: str) -> HttpResponse:
        """The manifest of a day. Its signatures are in the response's headers, as those of a webhook: verify them over
        the exact bytes."""
        manifest = self._find(address["day"])
        answer = HttpResponse(bytes(manifest.document), content_type="application/json")
        for name, value in {**signed_headers(manifest, manifest.subscription), "Cache-Control": "no-store"}.items():
            answer.headers[name] = value
        return answer

    @extend_schema(responses={(200, NDJSON): OpenApiTypes.STR})
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
