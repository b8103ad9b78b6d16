"""Serves the OpenAPI document. Who writes a client needs it before there is a key."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .formats import Json, Negotiation
from .openapi import document


class DocumentView(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = (Json,)
    content_negotiation_class = Negotiation
    schema = None

    def get(self, request: Request) -> Response:
        return Response(document(request.build_absolute_uri(request.path.partition("/schema")[0])))
