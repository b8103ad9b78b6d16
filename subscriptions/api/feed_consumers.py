"""Consumers of the feed whose place is kept here: create, acknowledge, move, remove."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ..feed import consumers, cursors
from ..feed.cursors import BEGINNING, Cursor
from ..feed.reading import Feed
from ..models import ApiKey, Company, FeedConsumer, Subscription
from . import feed_reference
from .feed import LATEST
from .kit.errors import Conflict
from .kit.fields import CompanyField, StrictCharField
from .kit.serializers import StrictModelSerializer, StrictSerializer
from .kit.views import ListViewSet, RetrieveViewSet, accept_body
from .subscription_fields import EventNames

BEGIN = "beginning"


class Place(StrictCharField):
    """A cursor, `latest` or `beginning`. Its value is a Cursor, or None for the latest."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if text in (LATEST, BEGIN):
            return BEGINNING if text == BEGIN else None
        try:
            return cursors.parse(text)
        except ValueError:
            raise serializers.ValidationError("This cursor is invalid. Send one of the feed without changes.") from None


class OwnSubscription(CompanyField, StrictCharField):
    """The resource id of a subscription of the company."""

    def read_for(self, company: Company | None, value: Any) -> Subscription | None:
        if value is None:
            return None
        active = Subscription.objects.filter(company=company).exclude(state=Subscription.State.ARCHIVED)
        found = active.filter(resource_id=value).first()
        if found is None:
            raise serializers.ValidationError("There is no such subscription.")
        return found

    def to_representation(self, value: Any) -> str:
        return str(value.resource_id)


class FeedConsumerSerializer(StrictModelSerializer):
    """A consumer, and how far it has come. `behind` counts events of the company, of all types, 10,000 at most."""

    subscription = OwnSubscription(
        required=False, allow_null=True, help_text="Reads what this subscription gets. null: all events."
    )
    types = EventNames(required=False, help_text="Reads events of these types only. Absent: all.")
    cursor = Place(
        required=False, write_only=True, help_text="Where it begins: a cursor, latest or beginning (default)."
    )
    behind = serializers.SerializerMethodField(help_text="Events after its place, 10,000 at most.")

    class Meta:
        model = FeedConsumer
        fields = ["name", "subscription", "types", "cursor", "behind", "acknowledged_at", "heard_at", "created_at"]
        read_only_fields = ["acknowledged_at", "heard_at", "created_at"]

    def get_behind(self, consumer: FeedConsumer) -> int:
        feed = consumers.feed_of(consumer, consumer.company)
        return feed.count_behind(consumers.place_of(consumer), most=consumers.COUNTED_BEHIND)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        body: dict[str, Any] = super().to_representation(instance)
        return {**body, "cursor": str(consumers.place_of(instance))}


class MoveSerializer(StrictSerializer):
    cursor = Place(help_text="A cursor, latest or beginning.")


class AcknowledgeSerializer(StrictSerializer):
    cursor = Place(help_text="Everything up to here is stored at your side: `cursor` of a page or of an event.")


class FeedConsumerViewSet(ListViewSet, RetrieveViewSet):
    reference = feed_reference.FEED_CONSUMERS
    serializer_class = FeedConsumerSerializer
    write_scope = ApiKey.Scope.MANAGE
    lookup_field = "name"
    lookup_value_regex = "[a-z0-9][a-z0-9_-]{0,49}"

    def get_queryset(self) -> QuerySet[FeedConsumer]:
        secret = [f"subscription__{name}" for name in Subscription.ENCRYPTED]
        return (
            FeedConsumer.objects.filter(company=self.company)
            .select_related("company", "subscription")
            .defer(*secret, "company__signing_key")
        )

    @extend_schema(responses={201: FeedConsumerSerializer})
    def create(self, request: Request) -> Response:
        values = self.accept_body()
        place = self._place(values.pop("cursor", BEGINNING))
        with transaction.atomic():
            consumers.check_limit(self.company)
            if FeedConsumer.objects.filter(company=self.company, name=values["name"]).exists():
                raise Conflict(f"There is a consumer “{values['name']}” already.")
            made = FeedConsumer.objects.create(company=self.company, **values)
            consumers.move(made, place)
            self.record_audit("Added", made)
        return self.created_response(self.get_queryset().get(pk=made.pk))

    @extend_schema(request=MoveSerializer, responses=FeedConsumerSerializer)
    def partial_update(self, request: Request, name: str) -> Response:
        """Move its place, forward or back."""
        given = accept_body(MoveSerializer, request, partial=True)
        with transaction.atomic():
            consumer = self.get_locked_object()
            if "cursor" in given:
                consumers.move(consumer, self._place(given["cursor"]))
                self.record_audit("Changed", consumer, "place in the feed")
        return self.object_response(self.get_object())

    def destroy(self, request: Request, name: str) -> Response:
        with transaction.atomic():
            consumer = self.get_locked_object()
            self.record_audit("Removed", consumer)
            consumer.delete()
        return Response(status=204)

    @extend_schema(request=AcknowledgeSerializer, responses=FeedConsumerSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, name: str) -> Response:
        """Say up to where it has what it read. A late or repeated acknowledgement never moves its place back."""
        consumer = self.get_object()
        consumers.acknowledge(consumer, self._place(accept_body(AcknowledgeSerializer, request)["cursor"]))
        return Response(self.represent(self.get_object()))

    def _place(self, given: Cursor | None) -> Cursor:
        return Feed(self.company).newest() if given is None else given
