"""Resend jobs: send many deliveries again in the background, with progress and cancel."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from ..endpoints import resend_jobs
from ..models import ApiKey, ResendJob, Subscription
from . import reference
from .kit import unread
from .kit.fields import PastDateTimeField, StrictBooleanField, StrictCharField, StrictChoiceField, StrictIntegerField
from .kit.serializers import StrictSerializer
from .kit.views import ListViewSet, RetrieveViewSet, accept_body

FASTEST = 1000  # a second; more than that is the same as all at once


class ResendJobSerializer(serializers.ModelSerializer[ResendJob]):
    subscription = serializers.CharField(source="subscription.resource_id")
    states = serializers.ListField(child=serializers.CharField())
    events = serializers.ListField(child=serializers.CharField(), allow_null=True)
    source = serializers.CharField(  # type: ignore[assignment]
        source="source.resource_id", default=None, allow_null=True
    )
    already_there = serializers.IntegerField(source="had")
    filtered_out = serializers.IntegerField(source="filtered")

    class Meta:
        model = ResendJob
        fields = ["id", "kind", "subscription", "since", "until", "states", "events", "source", "per_second", "state",
                  "total", "sent", "filtered_out", "already_there", "gone", "created_at", "finished_at"]  # fmt: skip


class NewResendJob(StrictSerializer):
    subscription = StrictCharField(help_text="The resource id of the subscription.")
    since = PastDateTimeField(help_text="Deliveries created at or after this time.")
    until = PastDateTimeField(required=False, help_text="Deliveries created before this time. Default: now.")
    states = serializers.ListField(
        child=StrictChoiceField([str(state) for state in resend_jobs.STATES]),
        required=False,
        allow_empty=False,
        help_text="Which deliveries; absent: failed ones. Pending ones are sent now.",
    )
    per_second = StrictIntegerField(
        required=False, min_value=1, max_value=FASTEST, help_text="Deliveries per second. Default: 50."
    )
    count_only = StrictBooleanField(required=False, help_text="Only return the number of deliveries.")


class ResendCount(StrictSerializer):
    """The response with `count_only`."""

    total = serializers.IntegerField(read_only=True)


class ResendJobViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.RESEND_JOBS
    serializer_class = ResendJobSerializer
    write_scope = ApiKey.Scope.MANAGE
    lookup_field = "pk"
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ResendJob]:
        return (
            ResendJob.objects.filter(company=self.company)
            .select_related("subscription", "source")
            .defer(*(f"{path}__{name}" for path in ("subscription", "source") for name in Subscription.ENCRYPTED))
        )

    @extend_schema(request=NewResendJob, responses={201: ResendJobSerializer, 200: ResendCount})
    def create(self, request: Request) -> Response:
        data = accept_body(NewResendJob, request)
        subscription = get_object_or_404(
            Subscription.objects.exclude(state=Subscription.State.ARCHIVED),
            company=self.company,
            resource_id=data["subscription"],
        )
        wanted: dict[str, Any] = {
            "since": data["since"],
            "until": data.get("until") or timezone.now(),
            "states": data.get("states", resend_jobs.DEFAULT_STATES),
        }
        if data.get("count_only"):
            if not unread.may_read(request.auth):
                raise PermissionDenied("Counting needs the scope 'read' too. Use a key with both scopes.")
            return Response({"total": resend_jobs.find_matching(subscription, **wanted).count()})
        speed = data.get("per_second", resend_jobs.DEFAULT_PER_SECOND)
        with transaction.atomic():
            job = resend_jobs.start(subscription, per_second=speed, **wanted)
            self.record_audit("Started a resend", job, f"{job.total} webhooks of “{subscription}”, {speed} a second")
        return self.created_response(job)

    @extend_schema(request=None, responses=ResendJobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **address: str) -> Response:
        accept_body(StrictSerializer, request)
        job: ResendJob = self.get_object()
        with transaction.atomic():
            was = job.state
            resend_jobs.cancel(job)
            if job.state == ResendJob.State.CANCELLED != was:
                self.record_audit(
                    "Cancelled a resend", job, f"{job.sent} of {job.total} webhooks of “{job.subscription}” were sent"
                )
        return Response(self.represent(self.get_object()))
