"""Manifests of a subscription: what it was to get on each day, signed, for its receiver to check."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
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


class ManifestViewSet(ListViewSet):
    """Not in the OpenAPI document, whose bodies are JSON objects without signed headers: docs/api.md describes it."""

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

    @extend_schema(exclude=True)
    def list(self, request: Request, **address: str) -> Any:
        return super().list(request)

    @extend_schema(exclude=True)
    def retrieve(self, request: Request, **address: str) -> HttpResponse:
        """The manifest of a day. Its signatures are in the response's headers, as those of a webhook: verify them over
        the exact bytes."""
        manifest = self._find(address["day"])
        answer = HttpResponse(bytes(manifest.document), content_type="application/json")
        for name, value in {**signed_headers(manifest, manifest.subscription), "Cache-Control": "no-store"}.items():
            answer.headers[name] = value
        return answer

    @extend_schema(exclude=True)
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
