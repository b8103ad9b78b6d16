"""What happened: events with their bodies as they were sent, and the types that there are."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from .. import catalogue
from ..models import Event
from .filters import Filters, after, before
from .views import Listed, Shown


class EventSerializer(serializers.ModelSerializer[Event]):
    id = serializers.CharField(source="webhook_id", help_text="The webhook-id header of every delivery of it.")
    subject = serializers.CharField(source="subject_id", help_text="The resource id of its call, text or form.")

    class Meta:
        model = Event
        fields = ["id", "type", "subject", "sequence", "test", "created_at"]


class EventFilters(Filters):
    type = django_filters.CharFilter()
    subject = django_filters.CharFilter(field_name="subject_id")
    created_after = after("created_at")
    created_before = before("created_at")


class EventViewSet(Listed, Shown):
    serializer_class = EventSerializer
    filterset_class = EventFilters
    lookup_url_kwarg = "event_id"
    lookup_value_regex = "evt_[0-9a-f]{32}"

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.filter(company=self.company).defer("body")

    def retrieve(self, request: Request, **address: str) -> Response:
        event = self.get_queryset().filter(pk=UUID(address["event_id"].removeprefix("evt_"))).first()
        if event is None:
            raise Http404
        return Response({**self.shown(event), "body": json.loads(bytes(event.body))})


class EventTypeViewSet(ViewSet):
    def list(self, request: Request) -> Response:
        types: list[dict[str, Any]] = [
            {"name": each.name, "label": each.label, "fires": each.fires} for each in catalogue.all_types()
        ]
        return Response({"next": None, "results": types})
