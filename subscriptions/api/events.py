"""Events with their payloads, and the event types."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from ..events import catalogue, versions
from ..events.payload_schemas import build_schema
from ..events.stored_bodies import read_bodies
from ..events.versions import DEFAULT
from ..models import Event
from . import reference
from .kit.authentication import company_of
from .kit.filters import Filters, after, before
from .kit.openapi import inline_list
from .kit.views import ListViewSet, RetrieveViewSet


class EventSerializer(serializers.ModelSerializer[Event]):
    id = serializers.CharField(source="webhook_id", help_text="The webhook-id header of all its deliveries.")
    subject = serializers.CharField(
        source="subject_id",
        help_text="The resource id of the call, text or form; of the subscription, for an event about delivery.",
    )

    class Meta:
        model = Event
        fields = ["id", "type", "subject", "sequence", "test", "created_at"]


class EventWithBodySerializer(EventSerializer):
    body = serializers.JSONField(
        help_text="The payload as sent in the default version, or in the first one in which it was sent."
    )
    bodies = serializers.JSONField(help_text="The payloads as sent, by payload version.")

    class Meta(EventSerializer.Meta):
        fields = [*EventSerializer.Meta.fields, "body", "bodies"]


class EventFilters(Filters):
    type = django_filters.CharFilter()
    subject = django_filters.CharFilter(field_name="subject_id")
    created_after = after("created_at")
    created_before = before("created_at")


class EventViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.EVENTS
    serializer_class = EventSerializer
    filterset_class = EventFilters
    lookup_url_kwarg = "event_id"
    lookup_value_regex = "evt_[0-9a-f]{32}"

    def get_queryset(self) -> QuerySet[Event]:
        # Alerts are for people: programs ask for the events about delivery.
        return Event.objects.filter(company=self.company).exclude(type__startswith="alert.").defer("body")

    @extend_schema(responses=EventWithBodySerializer)
    def retrieve(self, request: Request, **address: str) -> Response:
        event = self.get_queryset().filter(pk=UUID(address["event_id"].removeprefix("evt_"))).first()
        if event is None:
            raise Http404
        bodies = {version: json.loads(body) for version, body in read_bodies(event).items()}
        return Response({**self.represent(event), "body": next(iter(bodies.values()), None), "bodies": bodies})


class EventTypeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="As in the events of a subscription and the header Callhooks-Event.")
    label = serializers.CharField()  # type: ignore[assignment]
    fires = serializers.CharField(help_text="When the event is sent.")
    schema = serializers.SerializerMethodField(
        help_text="JSON Schema (2020-12) of the payload in the default payload version."
    )
    example = serializers.SerializerMethodField(help_text="A payload with invented data, in the default version.")
    versions = serializers.SerializerMethodField(
        help_text="For each payload version: its name, the schema of the payload, and an example."
    )

    def get_example(self, event_type: catalogue.EventType, version: str = DEFAULT) -> dict[str, Any] | None:
        example = catalogue.build_example(event_type, self.context["company"], version)
        return dict(json.loads(example[1])) if example else None

    def get_schema(self, event_type: catalogue.EventType) -> dict[str, Any]:
        return build_schema(event_type.serializer)

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_versions(self, event_type: catalogue.EventType) -> list[dict[str, Any]]:
        return [
            {
                "payload_version": name,
                "schema": build_schema(catalogue.serializer_of(event_type, name)),
                "example": self.get_example(event_type, name),
            }
            for name, _ in versions.choices()
        ]


class EventTypeViewSet(ViewSet):
    reference = reference.EVENT_TYPES
    serializer_class = EventTypeSerializer
    lookup_field = "name"
    lookup_value_regex = "[a-z_.]{1,40}"

    @extend_schema(responses=inline_list("EventTypes", EventTypeSerializer))
    def list(self, request: Request) -> Response:
        context = {"company": company_of(request)}
        types = EventTypeSerializer(catalogue.all_types(), many=True, context=context).data
        return Response({"next": None, "results": types})

    @extend_schema(responses=EventTypeSerializer)
    def retrieve(self, request: Request, name: str) -> Response:
        try:
            event_type = catalogue.get(name)
        except LookupError:
            raise Http404 from None
        return Response(EventTypeSerializer(event_type, context={"company": company_of(request)}).data)
