"""The company's alert destinations: chats, webhooks and mail addresses that hear what became of its webhooks. Those of
single persons are not shown: they are theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from ..endpoints import destinations
from ..models import AlertDestination, ApiKey, Subscription
from . import alert_reference
from .kit import unread
from .kit.fields import StrictCharField, StrictChoiceField, StrictIntegerField
from .kit.serializers import StrictModelSerializer, StrictSerializer
from .kit.views import ListViewSet, RetrieveViewSet, accept_body

Kind = AlertDestination.Kind


class Active(serializers.BooleanField):
    """true or false, and nothing that means it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Must be true or false.")
        return data


class AlertDestinationSerializer(StrictModelSerializer):
    kind = StrictChoiceField(Kind.choices, help_text="What it is. It stays as it is: add another one instead.")
    url = StrictCharField(
        required=False,
        source="endpoint_url",
        max_length=2048,
        help_text="Of a chat or a webhook. Not shown again: reads show its beginning.",
    )
    email = StrictCharField(required=False, max_length=254, help_text="Of kind mail: the address of a member.")
    alerts = serializers.ListField(
        child=StrictChoiceField(AlertDestination.Alert.choices),
        min_length=1,
        max_length=len(AlertDestination.Alert),
        help_text="What it tells.",
    )
    subscriptions = serializers.ListField(
        child=StrictCharField(),
        required=False,
        max_length=1000,
        source="subscription_ids",
        help_text="Resource ids of the subscriptions that it tells of. Empty: of all.",
    )
    summary_hour = StrictIntegerField(
        required=False, min_value=0, max_value=23, help_text="When the daily summary comes, in the company's time zone."
    )
    active = Active(required=False, help_text="false: nothing is sent to it.")
    state = serializers.SerializerMethodField(help_text="on, off, or disabled after days of failures.")

    class Meta:
        model = AlertDestination
        fields = ["resource_id", "kind", "name", "url", "email", "alerts", "subscriptions", "summary_hour", "active",
                  "state", "created_at"]  # fmt: skip
        read_only_fields = ["resource_id", "created_at"]

    @extend_schema_field({"type": "string", "enum": ["on", "off", "disabled"]})
    def get_state(self, destination: AlertDestination) -> str:
        endpoint = destination.endpoint
        if endpoint is not None and endpoint.state == Subscription.State.DISABLED:
            return "disabled"
        return "on" if destination.active else "off"

    def to_representation(self, instance: AlertDestination) -> dict[str, Any]:
        instance.endpoint_url = instance.endpoint.url if instance.endpoint is not None else ""  # type: ignore[attr-defined]
        chosen = instance.subscriptions.all()
        instance.subscription_ids = [each.resource_id for each in chosen]  # type: ignore[attr-defined]
        return super().to_representation(instance)


class AlertDestinationViewSet(ListViewSet, RetrieveViewSet):
    reference = alert_reference.ALERT_DESTINATIONS
    serializer_class = AlertDestinationSerializer
    write_scope = ApiKey.Scope.MANAGE
    masked_without_read = frozenset({"url", "email"})

    def get_queryset(self) -> QuerySet[AlertDestination]:
        rows = AlertDestination.objects.filter(company=self.company, member=None)
        secret = (f"endpoint__{name}" for name in Subscription.ENCRYPTED)
        return rows.select_related("endpoint", "company").defer("company__signing_key", *secret).prefetch_related(
            "subscriptions"
        )  # fmt: skip

    def create(self, request: Request) -> Response:
        values = self.accept_body()
        chosen = self._subscriptions(values.pop("subscriptions", []))
        url = values.pop("url", "")
        destination = AlertDestination(company=self.company, **values)
        url = _ruled("url", lambda: destinations.checked_url(destination.kind, url))
        destination.email = _ruled(
            "email", lambda: destinations.checked_email(destination.kind, destination.email, self.company)
        )
        with transaction.atomic():
            destinations.save_new(destination, url)
            destination.subscriptions.set(chosen)
            self.record_audit("Added", destination)
        return self.created_response(destination)

    def partial_update(self, request: Request, resource_id: str) -> Response:
        values = self.accept_body(partial=True)
        with transaction.atomic():
            destination: AlertDestination = self.get_locked_object()
            if values.pop("kind", destination.kind) != destination.kind:
                raise serializers.ValidationError({"kind": "It cannot be changed. Add another destination instead."})
            changed = sorted(values)
            chosen = values.pop("subscriptions", None)
            url = values.pop("url", None)
            if url is not None:
                url = _ruled("url", lambda: destinations.checked_url(destination.kind, url))
            for name, value in values.items():
                setattr(destination, name, value)
            if "email" in values:
                destination.email = _ruled(
                    "email", lambda: destinations.checked_email(destination.kind, destination.email, self.company)
                )
            destinations.save_changed(destination, url or None)
            if chosen is not None:
                destination.subscriptions.set(self._subscriptions(chosen))
            if changed:
                self.record_audit("Changed", destination, ", ".join(changed))  # no values: one is a secret
        return self.object_response(self.get_object())

    def destroy(self, request: Request, resource_id: str) -> Response:
        with transaction.atomic():
            destination = self.get_locked_object()
            self.record_audit("Removed", destination)
            destinations.remove(destination)
        return Response(status=204)

    @extend_schema(request=None, responses={202: AlertDestinationSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, resource_id: str) -> Response:
        """Send a test alert to this destination."""
        accept_body(StrictSerializer, request)
        with transaction.atomic():
            destination = self.get_locked_object()
            destinations.send_test(destination)
            self.record_audit("Sent a test alert", destination)
        return Response(self.represent(destination), 202)

    @extend_schema(request=None, responses={200: {"type": "object", "properties": {"secret": {"type": "string"}}}})
    @action(detail=True, methods=["post"])
    def secret(self, request: Request, resource_id: str) -> Response:
        """Return the secret with which alerts to this destination are signed. The key also needs the scope `read`."""
        accept_body(StrictSerializer, request)
        if not unread.may_read(request.auth):
            raise PermissionDenied("Showing secrets needs the scope 'read' too. Use a key with both scopes.")
        destination = self.get_object()
        if destination.endpoint_id is None:
            raise serializers.ValidationError({"kind": "An email is not signed, so there is no secret."})
        self.record_audit("Viewed the signing secret", destination)
        return Response({"secret": Subscription.with_alerts.only("secret").get(pk=destination.endpoint_id).secret})

    def _subscriptions(self, ids: list[str]) -> list[Subscription]:
        rows = Subscription.objects.filter(company=self.company, resource_id__in=ids).defer(*Subscription.ENCRYPTED)
        found = {each.resource_id: each for each in rows.exclude(state=Subscription.State.ARCHIVED)}
        if unknown := [each for each in ids if each not in found]:
            raise serializers.ValidationError({"subscriptions": f"There is no subscription {unknown[0][:60]}."})
        return list(found.values())


def _ruled(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except ValueError as error:
        raise serializers.ValidationError({name: str(error)}) from None
