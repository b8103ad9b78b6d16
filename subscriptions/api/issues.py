"""Issues of endpoints: times in which a subscription's server accepted nothing. Programs acknowledge, note and solve
them as people do in the admin; both write the same rows (`endpoints/issues.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ..endpoints import issues
from ..models import ApiKey, EndpointIssue, Subscription
from ..tenancy.audit_log import Actor
from . import issue_reference
from .kit.errors import Conflict
from .kit.fields import StrictChoiceField
from .kit.filters import Filters, after, before
from .kit.serializers import StrictModelSerializer, StrictSerializer
from .kit.views import ListViewSet, RetrieveViewSet, accept_body

ALREADY_SOLVED = "This issue is solved already."


class IssueSerializer(StrictModelSerializer):
    subscription = serializers.CharField(source="subscription.resource_id", read_only=True)
    state = serializers.SerializerMethodField(help_text="Whether somebody is on it, or it is over.")
    answer = serializers.SerializerMethodField(help_text="What the server answered last.")
    webhooks = serializers.IntegerField(
        source="counted",
        read_only=True,
        help_text="How many arrived late or not at all. Until it is solved, 1,001 stands for more than 1,000.",
    )

    solved_how = StrictChoiceField(
        choices=[("", "It is not solved"), *EndpointIssue.Solved.choices],
        read_only=True,
        help_text="Why it was solved.",
    )

    class Meta:
        model = EndpointIssue
        fields = ["id", "subscription", "state", "answer", "webhooks", "opened_at", "again", "acknowledged_at",
                  "acknowledged_name", "note", "solved_at", "solved_how", "solved_name"]  # fmt: skip
        read_only_fields = [name for name in fields if name != "note"]

    @extend_schema_field({"type": "string", "enum": list(issues.STATES)})
    def get_state(self, issue: EndpointIssue) -> str:
        return issue.state

    def get_answer(self, issue: EndpointIssue) -> str:
        return issues.last_answer(issue)


class IssueFilters(Filters):
    state = django_filters.ChoiceFilter(
        choices=[(name, name) for name in issues.STATES], method="in_state", help_text="Only those in this state."
    )
    subscription = django_filters.CharFilter(field_name="subscription__resource_id")
    opened_after = after("opened_at")
    opened_before = before("opened_at")

    def in_state(self, rows: QuerySet[EndpointIssue], name: str, value: str) -> QuerySet[EndpointIssue]:
        return rows.filter(issues.STATES[value])


class IssueViewSet(ListViewSet, RetrieveViewSet):
    reference = issue_reference.ISSUES
    serializer_class = IssueSerializer
    filterset_class = IssueFilters
    write_scope = ApiKey.Scope.MANAGE
    lookup_field = "pk"
    lookup_value_regex = "[0-9]{1,18}"
    order_field = "opened_at"
    max_page_size = 100  # what each open one affects is counted

    def get_queryset(self) -> QuerySet[EndpointIssue]:
        rows = EndpointIssue.objects.filter(company=self.company).select_related("subscription__health")
        return rows.defer(*(f"subscription__{name}" for name in Subscription.ENCRYPTED))

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        _count(page)
        return self.get_paginated_response([super(IssueViewSet, self).represent(issue) for issue in page])

    def represent(self, instance: Any) -> dict[str, Any]:
        _count([instance])
        return super().represent(instance)

    def partial_update(self, request: Request, **address: str) -> Response:
        values = self.accept_body(partial=True)
        with transaction.atomic():
            issue: EndpointIssue = self.get_locked_object()
            if "note" in values and values["note"] != issue.note:
                issue.note = values["note"]
                issue.save(update_fields=["note"])
                self.record_audit("Changed", issue, "note")
        return self.object_response(self.get_object())

    @extend_schema(request=None, responses=IssueSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, **address: str) -> Response:
        """Say that somebody is on it. Who said so first stays."""
        accept_body(StrictSerializer, request)
        with transaction.atomic():
            issue: EndpointIssue = self.get_locked_object()
            if issues.acknowledge(issue, self._actor):
                self.record_audit("Acknowledged", issue)
            elif issue.solved_at is not None:
                raise Conflict(ALREADY_SOLVED)
        return self.object_response(self.get_object())

    @extend_schema(request=None, responses=IssueSerializer)
    @action(detail=True, methods=["post"])
    def solve(self, request: Request, **address: str) -> Response:
        """Close it by hand. If the server refuses another webhook, a new issue is opened."""
        accept_body(StrictSerializer, request)
        with transaction.atomic():
            issue: EndpointIssue = self.get_locked_object()
            if not issues.solve(issue, self._actor):
                raise Conflict(ALREADY_SOLVED)
            self.record_audit("Marked as solved", issue)
        return self.object_response(self.get_object())

    @property
    def _actor(self) -> Actor:
        key: Any = self.request.auth
        return Actor.program(key)


def _count(rows: Sequence[EndpointIssue]) -> None:
    counted = issues.count_affected(rows, most=issues.MOST_IN_LIST)
    for issue in rows:
        issue.counted = counted[issue.pk]  # type: ignore[attr-defined]
