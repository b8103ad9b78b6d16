"""Deliveries and their attempts; resend and cancel."""

from __future__ import annotations

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ..delivery import batching
from ..endpoints import operations
from ..lib import answer_text
from ..models import ApiKey, Attempt, Delivery, Subscription
from . import reference
from .kit.errors import BadQuery, Conflict
from .kit.fields import StrictIntegerField
from .kit.filters import Filters, after, before
from .kit.serializers import StrictSerializer, shared_serializer
from .kit.views import ListViewSet, RetrieveViewSet, accept_body

MOST_CHOSEN = 500


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    event_id = serializers.CharField(source="event.webhook_id")
    event = serializers.CharField(source="event.type")
    subject = serializers.CharField(source="event.subject_id", help_text="The resource id of the call, text or form.")
    sequence = serializers.IntegerField(source="event.sequence")
    subscription = serializers.CharField(source="subscription.resource_id")
    test = serializers.BooleanField(
        source="event.test", help_text="True for a test event, which only this subscription gets."
    )
    attempt_count = serializers.IntegerField(source="attempts")

    class Meta:
        model = Delivery
        fields = ["id", "event_id", "event", "subject", "sequence", "subscription", "payload_version",
                  "encoding", "shaped", "test", "state", "reason",
                  "attempt_count", "status_code", "due_at", "created_at", "finished_at"]  # fmt: skip


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    response_body = serializers.SerializerMethodField(
        help_text="The stored part of the body, as text: unpacked, and in the charset that its headers declare."
    )

    batch = serializers.SerializerMethodField(
        help_text="The webhook-id of the request, where several events went in it. Null: this one had a request of "
        "its own."
    )

    class Meta:
        model = Attempt
        fields = ["number", "outcome", "started_at", "duration_ms", "url", "request_headers", "status_code",
                  "response_headers", "response_body", "response_truncated", "error", "message",
                  "batch"]  # fmt: skip

    def get_batch(self, attempt: Attempt) -> str | None:
        return batching.webhook_id(attempt.batch) if attempt.batch else None

    def get_response_body(self, attempt: Attempt) -> str:
        headers = attempt.response_headers
        return answer_text.decode(answer_text.unpack(bytes(attempt.response_body), headers), headers)


class DeliveryWithAttempts(DeliverySerializer):
    """A delivery with its attempts."""

    attempts = AttemptSerializer(many=True, read_only=True)

    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "attempts"]


class ChosenDeliveries(StrictSerializer):
    deliveries = serializers.ListField(
        child=StrictIntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=MOST_CHOSEN,
        help_text="Ids, 500 at most.",
    )


class SentNow(StrictSerializer):
    """How many are sent now."""

    deliveries = serializers.IntegerField(read_only=True, help_text="How many waited, and are sent now.")


class DeliveryFilters(Filters):
    state = django_filters.ChoiceFilter(choices=Delivery.State.choices)
    event = django_filters.CharFilter(field_name="event__type")
    subject = django_filters.CharFilter(field_name="event__subject_id")
    subscription = django_filters.CharFilter(field_name="subscription__resource_id")
    batch = django_filters.CharFilter(method="filter_batch", help_text="The webhook-id of a request for several.")
    created_after = after("created_at")
    created_before = before("created_at")

    def filter_batch(self, rows: QuerySet[Delivery], name: str, value: str) -> QuerySet[Delivery]:
        found = batching.read_webhook_id(value)
        if found is None:
            raise BadQuery({name: ["This is no id of a request: batch_ and 32 hex digits, as its webhook-id says."]})
        return rows.filter(pk__in=Attempt.objects.filter(batch=found).values("delivery"))


class DeliveryViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.DELIVERIES
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilters
    write_scope = ApiKey.Scope.MANAGE
    told_without_read = frozenset({"deliveries"})
    lookup_field = "pk"
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Delivery]:
        return (
            Delivery.objects.filter(company=self.company, subscription__for_alerts=False)
            .select_related("event", "subscription")
            .defer("event__body", *(f"subscription__{name}" for name in Subscription.ENCRYPTED))
        )

    @extend_schema(responses=DeliveryWithAttempts)
    def retrieve(self, request: Request, **address: str) -> Response:
        delivery = self.get_object()
        attempts = delivery.attempt_log.order_by("number")
        log = [shared_serializer(AttemptSerializer).to_representation(attempt) for attempt in attempts]
        return Response({**self.represent(delivery), "attempts": log})

    @extend_schema(request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, **address: str) -> Response:
        accept_body(StrictSerializer, request)
        delivery: Delivery = self.get_object()
        with transaction.atomic():
            sent = operations.resend(self._same(delivery))
            if sent:
                self.record_audit("Sent again", delivery)
        if not sent:
            self._refuse_inactive()
            if delivery.event.erased_at is not None:
                raise Conflict("The person whom this webhook is about was erased: there is nothing to send.")
            raise Conflict("This delivery is on its way already. “send-now” sends one that waits for its next try.")
        return Response(self.represent(self.get_object()), 202)

    @extend_schema(request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"], url_path="send-now")
    def send_now(self, request: Request, **address: str) -> Response:
        """Send a pending delivery now instead of at its next try. The attempt costs none of the ten."""
        accept_body(StrictSerializer, request)
        delivery: Delivery = self.get_object()
        with transaction.atomic():
            sent = operations.send_now(self._same(delivery))
            if sent:
                self.record_audit("Sent now", delivery)
        if not sent:
            self._refuse_inactive()
            state = self.get_object().state
            if state == Delivery.State.PENDING:
                raise Conflict("This delivery is being sent at this moment.")
            raise Conflict(f"This delivery is {state}: it does not wait. “resend” sends it again.")
        return Response(self.represent(self.get_object()), 202)

    @extend_schema(operation_id="deliveries_send_some_now", request=ChosenDeliveries, responses={202: SentNow})
    @action(detail=False, methods=["post"], url_path="send-now")
    def send_some_now(self, request: Request) -> Response:
        """Send several now. What does not wait, or waits for a subscription that is not active, is left as it is."""
        chosen = set(accept_body(ChosenDeliveries, request)["deliveries"])
        found = Delivery.objects.filter(company=self.company, pk__in=chosen)
        if unknown := chosen - set(found.values_list("pk", flat=True)):
            listed = ", ".join(str(pk) for pk in sorted(unknown)[:10])
            raise serializers.ValidationError({"deliveries": [f"There is no such delivery: {listed}."]})
        with transaction.atomic():
            sent = operations.send_now(found)
            if sent:
                self.record_audit("Sent now", None, f"{sent} chosen webhooks")
        return Response({"deliveries": sent}, 202)

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **address: str) -> Response:
        accept_body(StrictSerializer, request)
        delivery: Delivery = self.get_object()
        with transaction.atomic():
            stopped = operations.cancel(self._same(delivery))
            if stopped:
                self.record_audit("Cancelled", delivery)
        if not stopped:
            state = self.get_object().state
            if state == Delivery.State.PENDING:
                raise Conflict("This delivery is being sent now. You can cancel it after a failed attempt.")
            raise Conflict(f"This delivery is {state}, so it cannot be cancelled.")
        return Response(self.represent(self.get_object()))

    def _refuse_inactive(self) -> None:
        subscription = self.get_object().subscription
        if subscription.state != Subscription.State.ACTIVE:
            raise Conflict(operations.why_not_sent(subscription))

    def _same(self, delivery: Delivery) -> QuerySet[Delivery]:
        return Delivery.objects.filter(company=self.company, pk=delivery.pk)
