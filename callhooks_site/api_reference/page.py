"""The API's OpenAPI document, the pages that show it, and the page on which requests can be tried: Swagger UI from
local files, with the same security policy as other pages."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from . import operations
from .document import WEBHOOKS, read_document


@cache
def document() -> bytes:
    return json.dumps(read_document(), ensure_ascii=False, separators=(",", ":")).encode()


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    context = {
        "introduction": operations.introduction(),
        "groups": operations.groups().values(),
        "webhooks": operations.webhooks().values(),
        "about_webhooks": WEBHOOKS["description"],
        "headers": operations.common_parameters(),
        "errors": operations.errors(),
    }
    return render(request, "api_reference/overview.html", context)


@require_safe
def group_page(request: HttpRequest, group: str) -> HttpResponse:
    if group not in operations.groups():
        raise Http404(f"The API reference has no page {group}.")
    return render(request, "api_reference/group.html", {"group": operations.groups()[group]})


@require_safe
def webhook_page(request: HttpRequest, name: str) -> HttpResponse:
    if name not in operations.webhooks():
        raise Http404(f"There is no webhook {name}.")
    return render(request, "api_reference/webhook.html", {"group": operations.webhooks()[name]})


class Document(SpectacularJSONAPIView):
    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        headers = {"Content-Disposition": 'inline; filename="callhooks-openapi.json"'}
        return HttpResponse(document(), content_type="application/vnd.oai.openapi+json", headers=headers)


class TryOut(SpectacularSwaggerSplitView):
    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Any = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        # Any site can embed the script, and would get the token of the visitor's session. The API takes keys only.
        response.data["csrf_token"] = ""
        response.csp = {"img-src": "'self' data:"}  # its icons are images inside the style sheet
        return cast(Response, response)
