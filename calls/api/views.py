"""Calls through their life, and what belongs to them: tracking numbers, tags, people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.api.batch import Outcome, bring_in_all
from subscriptions.api.views import Listed, Shown
from subscriptions.models import ApiKey

from ..batch import create_or_update_calls
from ..ingestion import create_or_update_call, update_call, violates
from ..models import Call, Person, Tag, Tracker
from ..tagging import make_tag
from .filters import CallFilters, PersonFilters, TagFilters, TrackerFilters
from .serializers import CallSerializer, PersonSerializer, TagSerializer, TrackerSerializer


class CallViewSet(Listed, Shown):
    serializer_class = CallSerializer
    filterset_class = CallFilters
    write_scope = ApiKey.Scope.INGEST
    newest = "start_time"
    largest_page = 100  # a call can carry a transcript

    def get_queryset(self) -> QuerySet[Call]:
        return Call.objects.filter(company=self.company).select_related("tracker", "person").prefetch_related("tags")

    def create(self, request: Request) -> Response:
        call, new = create_or_update_call(company=self.company, data=self.accepted())
        return self.made(call, new=new)

    def partial_update(self, request: Request, resource_id: str) -> Response:
        data = self.accepted(partial=True)
        try:
            call = update_call(company=self.company, resource_id=resource_id, data=data)
        except Call.DoesNotExist:
            raise Http404 from None
        return self.one(call)

    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Up to 1,000 calls at once, with a result for each."""

        def bring_in(items: Sequence[dict[str, Any]]) -> list[Outcome]:
            return [result.outcome for result in create_or_update_calls(company=self.company, items=items)]

        return bring_in_all(CallSerializer, request.data, bring_in)


class TrackerViewSet(Listed, Shown):
    serializer_class = TrackerSerializer
    filterset_class = TrackerFilters
    write_scope = ApiKey.Scope.INGEST

    def get_queryset(self) -> QuerySet[Tracker]:
        return Tracker.objects.filter(company=self.company)

    def create(self, request: Request) -> Response:
        return self.made(self._saved(Tracker(company=self.company), self.accepted()))

    def partial_update(self, request: Request, resource_id: str) -> Response:
        data = self.accepted(partial=True)
        with transaction.atomic():
            tracker = self.get_queryset().select_for_update(no_key=True).filter(resource_id=resource_id).first()
            if tracker is None:
                raise Http404
            return self.one(self._saved(tracker, data))

    def _saved(self, tracker: Tracker, data: dict[str, object]) -> Tracker:
        for name, value in data.items():
            setattr(tracker, name, value)
        try:
            with transaction.atomic():
                tracker.save()
        except IntegrityError as error:
            if not violates(error, "tracker_number_once"):
                raise
            words = "This company has that tracking number already."
            raise ValidationError({"phone_number": words}) from None
        return tracker


class TagViewSet(Listed, Shown):
    serializer_class = TagSerializer
    filterset_class = TagFilters
    write_scope = ApiKey.Scope.INGEST
    lookup_field = "pk"
    lookup_value_regex = "[0-9]{1,18}"
    newest = "id"

    def get_queryset(self) -> QuerySet[Tag]:
        return Tag.objects.filter(company=self.company)

    def create(self, request: Request) -> Response:
        """A tag of that name that is there already is the answer: it is not made twice and not changed."""
        tag, new = make_tag(company=self.company, **self.accepted())
        return self.made(tag, new=new)


class PersonViewSet(Listed, Shown):
    serializer_class = PersonSerializer
    filterset_class = PersonFilters
    newest = "id"

    def get_queryset(self) -> QuerySet[Person]:
        return Person.objects.filter(company=self.company)
