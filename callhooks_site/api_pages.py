"""The API's reference as a page: Swagger UI from our own files, under the policy of all pages."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response


class Reference(SpectacularSwaggerSplitView):
    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Any = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.csp = {"img-src": "'self' data:"}  # its arrows and marks are pictures inside the style sheet
        return cast(Response, response)
