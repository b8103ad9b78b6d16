"""Bodies in and out: JSON, whatever a client's headers say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer

from subscriptions.api.kit.parsing import StrictJSONParser

UNNAMED = "application/octet-stream"  # what the framework takes a body without a content type for


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
            # What was meant as JSON is told where it is wrong; what was meant as something else, that it must be JSON.
            if media_type and "json" not in media_type and media_type != UNNAMED:
                raise NotJson from None
            raise


class Negotiation(BaseContentNegotiation):
    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type
