from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from subscriptions.api.views import Listed, Shown
from subscriptions.models import ApiKey

from ..ingestion import record_text
from ..models import TextMessage
from .filters import TextMessageFilters
from .serializers import TextMessageSerializer


class TextMessageViewSet(Listed, Shown):
    serializer_class = TextMessageSerializer
    filterset_class = TextMessageFilters
    write_scope = ApiKey.Scope.INGEST
    newest = "sent_at"

    def get_queryset(self) -> QuerySet[TextMessage]:
        return TextMessage.objects.filter(company=self.company).select_related("tracker", "thread__person")

    def create(self, request: Request) -> Response:
        text, new = record_text(company=self.company, data=self.accepted())
        return self.made(text, new=new)
