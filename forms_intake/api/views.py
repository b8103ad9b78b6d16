from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.api.kit.batch import BATCH_FIELDS, BatchAnswer, BatchSerializer, handle_one_by_one, run_batch
from subscriptions.api.kit.filters import Filters, after, before
from subscriptions.api.kit.views import ListViewSet, RetrieveViewSet
from subscriptions.models import ApiKey

from ..ingestion import record_form
from ..models import FormSubmission
from . import reference
from .serializers import FormSubmissionSerializer


class FormSubmissionFilters(Filters):
    external_source = django_filters.CharFilter()
    external_id = django_filters.CharFilter()
    submitted_at_after = after("submitted_at")
    submitted_at_before = before("submitted_at")


class FormSubmissionViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.FORMS
    serializer_class = FormSubmissionSerializer
    filterset_class = FormSubmissionFilters
    write_scope = ApiKey.Scope.INGEST
    returns_existing = True
    told_without_read = BATCH_FIELDS
    order_field = "submitted_at"

    def get_queryset(self) -> QuerySet[FormSubmission]:
        return FormSubmission.objects.filter(company=self.company).select_related("person__merged_into")

    def create(self, request: Request) -> Response:
        form, new = record_form(company=self.company, data=self.accept_body())
        return self.created_response(form, new=new)

    @extend_schema(request=BatchSerializer, responses=BatchAnswer)
    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Up to 1,000 forms at once, with a result for each."""
        record = handle_one_by_one(lambda values: record_form(company=self.company, data=values))
        return run_batch(FormSubmissionSerializer, request.data, record, company=self.company)
