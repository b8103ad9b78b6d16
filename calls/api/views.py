"""API resources: calls, tracking numbers, tags, people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.api.kit.batch import BATCH_FIELDS, BatchAnswer, BatchSerializer, Outcome, run_batch
from subscriptions.api.kit.views import ListViewSet, RetrieveViewSet
from subscriptions.models import ApiKey

from ..ingestion.batch import create_or_update_calls
from ..ingestion.natural_keys import violates
from ..ingestion.single import create_or_update_call, update_call
from ..models import Call, Person, Tag, Tracker
from ..tagging import get_or_make_tag
from . import reference
from .filters import CallFilters, PersonFilters, TagFilters, TrackerFilters
from .serializers import CallSerializer, PersonSerializer, TagSerializer, TrackerSerializer

MOST_FOUND = 10
T = TypeVar("T", bound=Model)
ONE_NUMBER = {"tracker_number_once": ("phone_number", "This company has that tracking number already.")}
ONLY_ONE_TAG = {"tag_name_once": ("name", "This company has a tag of that name already.")}
ONE_PERSON_EACH = {
    "person_phone_once": ("phone", "This number belongs to another person."),
    "person_email_once": ("email", "This address belongs to another person."),
}


class CallViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.CALLS
    serializer_class = CallSerializer
    filterset_class = CallFilters
    write_scope = ApiKey.Scope.INGEST
    returns_existing = True
    order_field = "start_time"
    told_without_read = BATCH_FIELDS
    max_page_size = 100  # a call can carry a transcript

    def get_queryset(self) -> QuerySet[Call]:
        return (
            Call.objects.filter(company=self.company)
            .select_related("tracker", "person__merged_into")
            .prefetch_related("tags")
        )

    def create(self, request: Request) -> Response:
        call, new = create_or_update_call(company=self.company, data=self.accept_body())
        return self.created_response(call, new=new)

    def partial_update(self, request: Request, resource_id: str) -> Response:
        data = self.accept_body(partial=True)
        try:
            call = update_call(company=self.company, resource_id=resource_id, data=data)
        except Call.DoesNotExist:
            raise Http404 from None
        return self.object_response(call)

    @extend_schema(request=BatchSerializer, responses=BatchAnswer)
    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Up to 1,000 calls at once, with a result for each."""

        def bring_in(items: Sequence[dict[str, Any]]) -> list[Outcome]:
            return [result.outcome for result in create_or_update_calls(company=self.company, items=items)]

        return run_batch(CallSerializer, request.data, bring_in, company=self.company)


class TrackerViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.TRACKERS
    serializer_class = TrackerSerializer
    filterset_class = TrackerFilters
    write_scope = ApiKey.Scope.INGEST

    def get_queryset(self) -> QuerySet[Tracker]:
        return Tracker.objects.filter(company=self.company)

    def create(self, request: Request) -> Response:
        data = self.accept_body()
        with transaction.atomic():
            tracker = save_values(Tracker(company=self.company), data, ONE_NUMBER)
            self.record_audit("Added", tracker)
        return self.created_response(tracker)

    def partial_update(self, request: Request, resource_id: str) -> Response:
        data = self.accept_body(partial=True)
        with transaction.atomic():
            tracker = save_values(self.get_locked_object(), data, ONE_NUMBER)
            self.record_audit("Changed", tracker, ", ".join(data))
        return self.object_response(tracker)


class TagViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.TAGS
    serializer_class = TagSerializer
    filterset_class = TagFilters
    write_scope = ApiKey.Scope.INGEST
    returns_existing = True
    lookup_field = "pk"
    lookup_value_regex = "[0-9]{1,18}"
    order_field = "id"

    def get_queryset(self) -> QuerySet[Tag]:
        return Tag.objects.filter(company=self.company)

    def create(self, request: Request) -> Response:
        """An existing tag with that name is returned unchanged instead of creating a second one."""
        data = self.accept_body()
        with transaction.atomic():
            tag, new = get_or_make_tag(company=self.company, **data)
            if new:
                self.record_audit("Added", tag)
        return self.created_response(tag, new=new)

    def partial_update(self, request: Request, pk: str) -> Response:
        data = self.accept_body(partial=True)
        with transaction.atomic():
            tag = save_values(self.get_locked_object(), data, ONLY_ONE_TAG)
            self.record_audit("Changed", tag, ", ".join(data))
        return self.object_response(tag)


class PersonViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.PEOPLE
    serializer_class = PersonSerializer
    filterset_class = PersonFilters
    write_scope = ApiKey.Scope.INGEST
    returns_existing = True
    order_field = "id"

    def get_queryset(self) -> QuerySet[Person]:
        rows = Person.objects.filter(company=self.company)
        return rows.select_related("merged_into").prefetch_related("merged_rows")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """A person whose number or address belongs to a merged row is found by the main one."""
        found = super().filter_queryset(queryset)
        if self.action != "list":
            return found
        asked = {"phone", "email"} & set(self.request.query_params)
        if not asked:
            return found.filter(merged_into=None)
        # A few at most: a number or an address has one row.
        rows = found.order_by().values_list("merged_into", "pk")[:MOST_FOUND]
        return queryset.filter(pk__in=[main or pk for main, pk in rows])

    def create(self, request: Request) -> Response:
        """A person who has that number or address already is returned unchanged."""
        data = self.accept_body()
        phone, email = data.get("phone", ""), data.get("email", "")
        if not phone and not email:
            raise ValidationError(
                {"phone": "Give a phone number, an email address, or both: people are found by them."}
            )
        with transaction.atomic():
            known = Person.objects.filter(company=self.company).filter(Q(phone=phone) | Q(email=email)).order_by()
            before = {main or pk for main, pk in known.values_list("merged_into", "pk")}
            found = Person.objects.lock_by_contact(self.company.pk, phone=phone, email=email)
            assert found is not None
            person = found.main
            new = person.pk not in before
            if new:
                save_values(person, {name: value for name, value in data.items() if name not in ("phone", "email")}, {})
        return self.created_response(person, new=new)

    def partial_update(self, request: Request, resource_id: str) -> Response:
        data = self.accept_body(partial=True)
        with transaction.atomic():
            person = self.get_locked_object()
            if not data.get("phone", person.phone) and not data.get("email", person.email):
                words = "A person must keep a phone number or an email address: they are found by it."
                raise ValidationError({"phone": words})
            return self.object_response(save_values(person, data, ONE_PERSON_EACH))


def save_values(row: T, data: dict[str, object], unique: dict[str, tuple[str, str]]) -> T:
    """Set these values and save the row. `unique` has the field and the error for each unique constraint."""
    for name, value in data.items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        for constraint, (field, words) in unique.items():
            if violates(error, constraint):
                raise ValidationError({field: words}) from None
        raise
    return row
