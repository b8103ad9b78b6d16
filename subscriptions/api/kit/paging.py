"""Cursor pagination. A cursor holds the position of the last row of a page, so new rows do not shift pages. Any number
of rows may have the same time. The framework's own cursor supports a thousand."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from ...lib import opaque
from .errors import BadQuery
from .fields import StrictDateTimeField

_moment = StrictDateTimeField()
PAGE_SIZE = 50


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


class TimeCursorPagination(BasePagination):
    """Sorts by the view's `order_field` (a time, or "id"), then by primary key: newest first, or oldest first with
    `order=oldest`. The view's `max_page_size` limits `page_size`."""

    parameters = ("cursor", "page_size", "order")

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: Any = None) -> list[Any]:
        size = self._page_size(request, view.max_page_size)
        names = ("pk",) if view.order_field == "id" else (view.order_field, "pk")
        cursor = request.query_params.get("cursor")
        order = request.query_params.get("order", "newest")
        if order not in ("newest", "oldest"):
            raise BadQuery({"order": "This must be newest or oldest."})
        sign, beyond = ("-", "lt") if order == "newest" else ("", "gt")
        if cursor:
            queryset = queryset.filter(_after_cursor(queryset.model, names, cursor, beyond))
        rows = list(queryset.order_by(*(f"{sign}{name}" for name in names))[: size + 1])
        self._next = None
        if len(rows) > size:
            rows.pop()
            url = request.build_absolute_uri()
            self._next = replace_query_param(url, "cursor", _encode_cursor(rows[-1], names))
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        following = {
            "type": ["string", "null"],
            "format": "uri",
            "description": "URL of the next page; null on the last page.",
        }
        return {"type": "object", "required": ["next", "results"], "properties": {"next": following, "results": schema}}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": view.max_page_size}
        return [
            _parameter("cursor", {"type": "string"}, "The position to continue from. Use the URL in `next`."),
            _parameter("order", {"enum": ["newest", "oldest"]}, "Which rows come first. Default: newest."),
            _parameter("page_size", size, f"Default: {min(PAGE_SIZE, view.max_page_size)}."),
        ]

    def _page_size(self, request: Request, largest: int) -> int:
        text = request.query_params.get("page_size")
        if text is None:
            return min(PAGE_SIZE, largest)
        if not (text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= largest):
            raise BadQuery({"page_size": f"This must be a number from 1 to {largest}."})
        return int(text)


def _encode_cursor(row: Model, names: tuple[str, ...]) -> str:
    return opaque.encode([str(getattr(row, name)) for name in names])


def _after_cursor(model: type[Model], names: tuple[str, ...], cursor: str, beyond: str) -> Q:
    """The condition for rows after the cursor: `lt` for older ones, `gt` for newer ones. Raises BadQuery."""
    try:
        *moments, key = opaque.decode(cursor, len(names))
        last = [_moment.run_validation(text) for text in moments] + [opaque.parse_key(model, key)]
    except (ValueError, ValidationError):
        raise BadQuery({"cursor": "This cursor is invalid. Use the URL in 'next' without changes."}) from None
    if len(last) == 1:
        return Q(**{f"pk__{beyond}": last[0]})
    name, moment, key = names[0], *last
    # The index serves the first condition. The second removes rows of the previous page.
    return Q(**{f"{name}__{beyond}e": moment}) & (Q(**{f"{name}__{beyond}": moment}) | Q(**{f"pk__{beyond}": key}))
