"""Subscriptions: create, change, pause, resume, rotate, test, remove."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from ..endpoints import operations
from ..endpoints.rules import validate_events
from ..endpoints.test_events import send_test
from ..models import ApiKey, Encoding, RetryPolicy, Subscription
from ..models.subscription import ROTATION_OVERLAP
from ..tenancy import audit_log
from . import reference
from .conditions import Conditions, check_conditions
from .credentials import Auth, ClientCertificate, CustomHeaders, to_column_values
from .deliveries import DeliverySerializer, SentNow
from .kit import unread
from .kit.fields import StrictCharField, StrictChoiceField, StrictIntegerField
from .kit.serializers import StrictModelSerializer, StrictSerializer, shared_serializer
from .kit.views import accept_body
from .past_events import PastEventsViewSet
from .shapes import ShapeField
from .subscription_fields import EndpointUrl, EventNames, PayloadVersion

HOUR = timedelta(hours=1)
audit = logging.getLogger("callhooks.audit")


class SubscriptionSerializer(StrictModelSerializer):
    url = EndpointUrl(trim_whitespace=False, help_text="Where the webhooks go, for example https://example.com/hooks.")
    events = EventNames(help_text="Names of event types. See event-types.")
    payload_version = PayloadVersion(
        required=False, help_text="Which keys the bodies have: article (the default), or 2026-05. For new events."
    )
    encoding = StrictChoiceField(
        Encoding.choices, required=False, help_text="As what the bodies are sent: json (the default), or form."
    )
    call_direction = StrictChoiceField(
        Subscription.CallDirection.choices,
        required=False,
        help_text="Whose post_call and call_modified: inbound calls, outbound ones, or both (the default).",
    )
    conditions = Conditions(
        required=False, help_text="Which events are sent, beside their type. null: the company's default, or all."
    )
    retry_policy = StrictChoiceField(
        RetryPolicy.choices,
        required=False,
        help_text="How often a webhook that fails is tried again: standard (the default), quick or patient.",
    )
    shape = ShapeField(
        required=False,
        help_text="An object with some of: only or leave_out (keys), rename (key: new name), mask (phone_numbers, "
        "names), transcripts (false: without), format (slack, teams, google_chat, discord, cloudevents, "
        "cloudevents_binary), messages (event type: wording). null: the body as payload_version says.",
    )
    custom_headers = CustomHeaders(required=False, help_text="Custom headers by name. Values are not shown again.")
    auth = Auth(
        required=False,
        source="credentials",
        help_text="A login (type basic: user, password), a token (type bearer: token) or an OAuth client (type "
        "oauth2_client_credentials: token_url, client_id, client_secret, scope, audience, sends_in header or body). "
        "Secrets are not shown again. null: none.",
    )
    client_certificate = ClientCertificate(
        required=False,
        help_text="For mutual TLS: certificate (PEM, with its chain) and private_key (PEM). Reads show subject and "
        "expires_at. null: none.",
    )

    class Meta:
        model = Subscription
        fields = ["resource_id", "name", "url", "events", "payload_version", "encoding",
                  "call_direction", "conditions", "shape", "ordered", "retry_policy",
                  "retry_refusals", "rate_per_minute", "batch_events", "batch_seconds", "batch_lines",
                  "send_traceparent", "custom_headers", "auth",
                  "client_certificate", "state", "state_reason", "state_changed_at", "created_at",
                  "updated_at"]  # fmt: skip
        read_only_fields = ["resource_id", "state", "state_reason", "state_changed_at", "created_at", "updated_at"]


class SecretSerializer(serializers.ModelSerializer[Subscription]):
    """The signing secrets. `previous_secret` also signs until `previous_secret_until`."""

    previous_secret = serializers.SerializerMethodField()

    class Meta:
        model = Subscription
        fields = ["secret", "previous_secret", "previous_secret_until"]

    @extend_schema_field({"type": ["string", "null"]})
    def get_previous_secret(self, subscription: Subscription) -> str | None:
        return subscription.previous_secret if len(subscription.secrets) > 1 else None

    def to_representation(self, instance: Subscription) -> dict[str, Any]:
        body = super().to_representation(instance)
        if body["previous_secret"] is None:
            body["previous_secret_until"] = None
        return body


class ResumeSerializer(StrictSerializer):
    held = StrictChoiceField(
        ["send", "drop"], required=False, help_text="What becomes of held deliveries; absent: send."
    )


class TestSerializer(StrictSerializer):
    event = StrictCharField(help_text="The name of the event type. See event-types.")


class RotateSerializer(StrictSerializer):
    overlap_hours = StrictIntegerField(
        required=False, min_value=0, max_value=operations.LONGEST_OVERLAP // HOUR,
        help_text="How many hours the old secret also signs. Default: 24.",
    )  # fmt: skip


class SubscribedSerializer(SubscriptionSerializer):
    """A subscription with its secrets."""

    secret = serializers.CharField(read_only=True)
    previous_secret = serializers.CharField(read_only=True, allow_null=True)
    previous_secret_until = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta(SubscriptionSerializer.Meta):
        fields = [*SubscriptionSerializer.Meta.fields, "secret", "previous_secret", "previous_secret_until"]


class ResumedSerializer(SubscriptionSerializer):
    """A subscription with the number of held deliveries."""

    held = serializers.ChoiceField(["send", "drop"], read_only=True)
    deliveries = serializers.IntegerField(read_only=True, help_text="How many deliveries were held.")

    class Meta(SubscriptionSerializer.Meta):
        fields = [*SubscriptionSerializer.Meta.fields, "held", "deliveries"]


class SubscriptionViewSet(PastEventsViewSet):
    reference = reference.SUBSCRIPTIONS
    serializer_class = SubscriptionSerializer
    write_scope = ApiKey.Scope.MANAGE
    told_without_read = frozenset({"secret", "deliveries"})
    masked_without_read = frozenset({"custom_headers", "auth", "client_certificate"})

    def get_queryset(self) -> QuerySet[Subscription]:
        # A removed subscription is hidden from the API. Its log stays.
        rows = Subscription.objects.filter(company=self.company).exclude(state=Subscription.State.ARCHIVED)
        return rows.defer("secret", "previous_secret")  # decrypted only when needed

    @extend_schema(responses={201: SubscribedSerializer})
    def create(self, request: Request) -> Response:
        values = to_column_values(check_conditions(self.accept_body(), self.company.pk), Subscription())
        _check_batches(Subscription(company=self.company, **values))
        with transaction.atomic():
            subscription = Subscription.objects.create(company=self.company, **values)
            self.record_audit("Added", subscription)
        answer = self.created_response(subscription)
        answer.data = answer.data.with_more(_secrets_of(subscription))
        return answer

    def partial_update(self, request: Request, resource_id: str) -> Response:
        data = check_conditions(self.accept_body(partial=True), self.company.pk)
        with transaction.atomic():
            subscription = self.get_locked_object()
            data = to_column_values(data, subscription)
            changed = [name for name, value in data.items() if getattr(subscription, name) != value]
            for name in changed:
                setattr(subscription, name, data[name])
            _check_batches(subscription)
            if changed:
                subscription.save(update_fields=[*changed, "updated_at"])
                self.record_audit("Changed", subscription, ", ".join(changed))  # no values: some are secrets
        return self.object_response(subscription)

    def destroy(self, request: Request, resource_id: str) -> Response:
        with transaction.atomic():
            subscription = self.get_locked_object()
            operations.archive(subscription)
            self.record_audit("Removed", subscription)
        return Response(status=204)

    @extend_schema(request=None, responses=SubscriptionSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, resource_id: str) -> Response:
        accept_body(StrictSerializer, request)
        with transaction.atomic():
            subscription = self.get_locked_object()
            operations.pause(subscription)
            self.record_audit("Paused", subscription)
        return Response(self.represent(subscription))

    @extend_schema(request=ResumeSerializer, responses=ResumedSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, resource_id: str) -> Response:
        held = accept_body(ResumeSerializer, request).get("held", "send")
        with transaction.atomic():
            subscription = self.get_locked_object()
            count = operations.resume(subscription, send_held=held == "send")
            what = "Sent what was held" if held == "send" else "Dropped what was held"
            self.record_audit("Resumed", subscription, f"{what}: {count}" if count else "")
        return Response({**self.represent(subscription), "held": held, "deliveries": count})

    @extend_schema(request=None, responses={202: SentNow})
    @action(detail=True, methods=["post"], url_path="send-now")
    def send_now(self, request: Request, resource_id: str) -> Response:
        """Send all that waits for this subscription: a few at first, then more each second while they arrive."""
        accept_body(StrictSerializer, request)
        with transaction.atomic():
            subscription = self.get_locked_object()
            count = operations.send_waiting(subscription)
            self.record_audit("Sent now what waits", subscription, f"{count} webhooks wait")
        return Response({"deliveries": count}, 202)

    @extend_schema(request=TestSerializer, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, resource_id: str) -> Response:
        """Send a test event with invented data to this subscription. Read the result from the returned delivery."""
        name = accept_body(TestSerializer, request)["event"]
        try:
            validate_events([name])
        except ValueError as error:
            raise serializers.ValidationError({"event": [str(error)]}) from None
        with transaction.atomic():
            delivery = send_test(self.get_locked_object(), name)
            _record_audit(request, delivery.subscription, "Sent a test event", detail=name)
        return Response(shared_serializer(DeliverySerializer).to_representation(delivery), 202)

    @extend_schema(request=RotateSerializer, responses=SubscribedSerializer)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, resource_id: str) -> Response:
        hours = accept_body(RotateSerializer, request).get("overlap_hours", ROTATION_OVERLAP // HOUR)
        subscription = self.get_object()
        with transaction.atomic():
            operations.rotate_secret(subscription, overlap=timedelta(hours=hours))
            _record_audit(
                request, subscription, "Created a new signing secret", f"The old one also signs for {hours} hours."
            )
        return Response(self.represent(subscription) | _secrets_of(subscription))

    @extend_schema(request=None, responses=SecretSerializer)
    @action(detail=True, methods=["post"])
    def secret(self, request: Request, resource_id: str) -> Response:
        """Return the signing secrets. POST keeps them out of caches, histories and link previews. The key also needs
        the scope `read`."""
        accept_body(StrictSerializer, request)
        if not unread.may_read(request.auth):
            raise PermissionDenied("Showing secrets needs the scope 'read' too. Use a key with both scopes.")
        subscription = self.get_object()
        _record_audit(request, subscription, "Viewed the signing secret")
        return Response(_secrets_of(subscription))


def _check_batches(subscription: Subscription) -> None:
    if why := subscription.why_no_batches():
        raise serializers.ValidationError({"batch_events": [why]})


def _record_audit(request: Request, subscription: Subscription, act: str, detail: str = "") -> None:
    """Write to the company's audit log and to the operator's log."""
    key: Any = request.auth
    audit_log.record(audit_log.Actor.program(key), act, subscription, detail=detail)
    audit.info("API key %s (%s…): %s: %s.", key.pk, key.prefix, act, subscription.resource_id)


def _secrets_of(subscription: Subscription) -> dict[str, Any]:
    return shared_serializer(SecretSerializer).to_representation(subscription)
