"""Bodies in and out: JSON, whatever a client's headers say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer

from subscriptions.api.kit.parsing import StrictJSONParser


class NotJson(exceptions.APIException):
    status_code = 406
    default_detail = "Send parameters of a GET in the address, and all others as JSON."


class Json(JSONRenderer):
    charset = "utf-8"


class AnyJson(StrictJSONParser):
    """Some clients send JSON without its content type, as curl does."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except exceptions.ParseError:
            if "form" in (media_type or ""):
                raise NotJson from None
            raise


class Negotiation(BaseContentNegotiation):
    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type
