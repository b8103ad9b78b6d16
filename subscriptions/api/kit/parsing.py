"""Parses request bodies: JSON that PostgreSQL can store, or an error with its position."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser

from ...lib.postgres_json import MOST_LEVELS, Path, find_problems
from .errors import TooLarge


class StrictJSONParser(JSONParser):
    """UTF-8 JSON of limited size, depth and numbers, without NUL and lone surrogates: PostgreSQL cannot store these."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge
        try:
            data = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not valid UTF-8 at byte {error.start}.") from None
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise ParseError(f"The body is not valid JSON: {error.msg}, {where}.") from None
        except RecursionError:
            raise ParseError(f"The body is nested deeper than {MOST_LEVELS} levels.") from None
        except ValueError:  # NaN, Infinity, or an integer of more than 4,300 digits
            raise ParseError("The body contains a number that is too large or not finite.") from None
        for path, words in find_problems(data):
            raise ValidationError(nested(path, words))
        return data


class JSONNegotiation(BaseContentNegotiation):
    """Always responds with JSON and ignores `Accept`, because many HTTP clients send a wrong default."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        content_type = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def nested(path: Path, words: str) -> Any:
    """Nest the message by path, as serializers report errors."""
    detail: Any = [words]
    for step in reversed(path):
        detail = {str(step): detail}
    return detail
