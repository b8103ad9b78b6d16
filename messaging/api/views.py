from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.api.kit.batch import BATCH_FIELDS, BatchAnswer, BatchSerializer, handle_one_by_one, run_batch
from subscriptions.api.kit.views import ListViewSet, RetrieveViewSet
from subscriptions.models import ApiKey

from ..ingestion import record_text
from ..models import TextMessage
from . import reference
from .filters import TextMessageFilters
from .serializers import TextMessageSerializer


class TextMessageViewSet(ListViewSet, RetrieveViewSet):
    reference = reference.TEXTS
    serializer_class = TextMessageSerializer
    filterset_class = TextMessageFilters
    write_scope = ApiKey.Scope.INGEST
    returns_existing = True
    told_without_read = BATCH_FIELDS
    order_field = "sent_at"

    def get_queryset(self) -> QuerySet[TextMessage]:
        return TextMessage.objects.filter(company=self.company).select_related("tracker", "thread__person__merged_into")

    def create(self, request: Request) -> Response:
        text, new = record_text(company=self.company, data=self.accept_body())
        return self.created_response(text, new=new)

    @extend_schema(request=BatchSerializer, responses=BatchAnswer)
    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Up to 1,000 texts at once, with a result for each."""
        record = handle_one_by_one(lambda values: record_text(company=self.company, data=values))
        return run_batch(TextMessageSerializer, request.data, record, company=self.company)
