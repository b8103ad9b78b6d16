"""What past events have to do with a subscription: a dry run of its filter, and sending them. Part of the view set of
subscriptions."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from ..endpoints import resend_jobs
from ..models import Subscription
from ..past import jobs
from ..past.dry_run import DryRun
from . import dry_runs
from .conditions import check_conditions
from .kit import unread
from .kit.fields import PastDateTimeField, StrictBooleanField, StrictCharField, StrictIntegerField
from .kit.serializers import StrictSerializer, shared_serializer
from .kit.views import ListViewSet, RetrieveViewSet, accept_body
from .resend_jobs import FASTEST, ResendJobSerializer
from .subscription_fields import EventNames


class NewPastEvents(StrictSerializer):
    since = PastDateTimeField(help_text="Events that happened at or after this time.")
    until = PastDateTimeField(required=False, help_text="Events that happened before this time. Default: now.")
    events = EventNames(required=False, help_text="Names of event types of the subscription. Absent: all of them.")
    source = StrictCharField(  # type: ignore[assignment]
        required=False,
        help_text="The resource id of another subscription, also of a removed one: only what it got. Then `since` and "
        "`until` are the times of its deliveries.",
    )
    repeat = StrictBooleanField(required=False, help_text="Also send what the subscription has already.")
    as_stored = StrictBooleanField(
        required=False,
        help_text="Send events that were not stored in the subscription's payload version in the one in which they "
        "were stored. Absent: they are left out.",
    )
    per_second = StrictIntegerField(
        required=False, min_value=1, max_value=FASTEST, help_text="Deliveries per second. Default: 50."
    )
    count_only = StrictBooleanField(required=False, help_text="Only say what would be sent.")


class PastEventsCount(dry_runs.DryRunAnswer):
    """The response with `count_only`."""

    already_there = serializers.IntegerField(read_only=True)
    no_body = serializers.IntegerField(read_only=True)
    gone = serializers.IntegerField(read_only=True)


class PastEventsViewSet(ListViewSet, RetrieveViewSet):
    @extend_schema(request=dry_runs.NewDryRun, responses=dry_runs.DryRunAnswer)
    @action(detail=False, methods=["post"], url_path="dry-run")
    def dry_run(self, request: Request) -> Response:
        asked = check_conditions(accept_body(dry_runs.NewDryRun, request), self.company.pk)
        if not unread.may_read(request.auth):
            raise PermissionDenied("A dry run needs the scope 'read' too. Use a key with both scopes.")
        return Response(dry_runs.answer(self.company, asked))

    @extend_schema(request=NewPastEvents, responses={201: ResendJobSerializer, 200: PastEventsCount})
    @action(detail=True, methods=["post"], url_path="past-events")
    def past_events(self, request: Request, resource_id: str) -> Response:
        asked = accept_body(NewPastEvents, request)
        subscription: Subscription = self.get_object()
        count_only, speed = asked.pop("count_only", False), asked.pop("per_second", resend_jobs.DEFAULT_PER_SECOND)
        wanted: dict[str, Any] = {**asked, "until": asked.get("until") or timezone.now()}
        if "source" in wanted:
            # Also a removed one: what it got is in its log.
            wanted["source"] = get_object_or_404(Subscription, company=self.company, resource_id=wanted["source"])
        if count_only:
            if not unread.may_read(request.auth):
                raise PermissionDenied("Counting needs the scope 'read' too. Use a key with both scopes.")
            return Response(_count(jobs.count(subscription, **wanted)))
        with transaction.atomic():
            job = jobs.start(subscription, per_second=speed, **wanted)
            detail = f"{job.total} past events to “{subscription}”, {speed} a second"
            self.record_audit("Started to send past events", job, detail)
        address = reverse("api-resend-job-detail", args=[job.pk])
        return Response(
            shared_serializer(ResendJobSerializer).to_representation(job), 201, headers={"Location": address}
        )


def _count(found: DryRun) -> dict[str, Any]:
    counts = found.counts
    rest = {"already_there": counts.already_there, "no_body": counts.no_body, "gone": counts.gone}
    return {**dry_runs.represent(found), **rest}
