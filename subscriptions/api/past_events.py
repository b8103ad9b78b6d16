"""What past events have to do with a subscription: a dry run of its filter. Part of the view set of subscriptions."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from . import dry_runs
from .conditions import check_conditions
from .kit import unread
from .kit.views import ListViewSet, RetrieveViewSet, accept_body


class PastEventsViewSet(ListViewSet, RetrieveViewSet):
    @extend_schema(request=dry_runs.NewDryRun, responses=dry_runs.DryRunAnswer)
    @action(detail=False, methods=["post"], url_path="dry-run")
    def dry_run(self, request: Request) -> Response:
        asked = check_conditions(accept_body(dry_runs.NewDryRun, request), self.company.pk)
        if not unread.may_read(request.auth):
            raise PermissionDenied("A dry run needs the scope 'read' too. Use a key with both scopes.")
        return Response(dry_runs.answer(self.company, asked))
