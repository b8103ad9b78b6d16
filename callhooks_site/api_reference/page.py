"""The API's OpenAPI document and the page that shows it: Swagger UI from local files, with the same security policy as
other pages."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, cast

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

KEPT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


@cache
def document() -> bytes:
    """The document as JSON. Making it takes seconds, so the one in docs/ is served, which a test keeps current."""
    return json.dumps(json.loads(KEPT.read_bytes()), ensure_ascii=False, separators=(",", ":")).encode()


class Document(SpectacularJSONAPIView):
    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        headers = {"Content-Disposition": 'inline; filename="callhooks-openapi.json"'}
        return HttpResponse(document(), content_type="application/vnd.oai.openapi+json", headers=headers)


class Reference(SpectacularSwaggerSplitView):
    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Any = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.csp = {"img-src": "'self' data:"}  # its icons are images inside the style sheet
        return cast(Response, response)
