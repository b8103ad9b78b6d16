"""The API reference page: Swagger UI from local files, with the same security policy as other pages."""

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
        response.csp = {"img-src": "'self' data:"}  # its icons are images inside the style sheet
        return cast(Response, response)
