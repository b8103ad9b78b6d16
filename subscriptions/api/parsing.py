"""Reading request bodies: JSON that can be stored, signed and sent on, or an error that says where it is not."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser

from .errors import TooLarge

# Deeper than anything that a call says, far above the recursion limits of those who read it later.
MOST_LEVELS = 20
LARGEST_NUMBER = 2**63

Path = tuple[str | int, ...]


class StrictJSON(JSONParser):
    """UTF-8 JSON of limited size, depth and numbers, without NUL and lone surrogates: PostgreSQL holds neither."""

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
            raise ParseError(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise ParseError(f"The body is not valid JSON: {error.msg}, {where}.") from None
        except RecursionError:
            raise ParseError(f"The body is nested deeper than {MOST_LEVELS} levels.") from None
        except ValueError:  # Python reads no whole number of more than 4,300 digits
            raise ParseError("The body holds a number that is not finite or too large.") from None
        for path, words in _faults(data):
            raise ValidationError(_nested(path, words))
        return data


class OnlyJSON(BaseContentNegotiation):
    """Every answer is JSON, whatever `Accept` says: better than a 406 for a client with a careless default."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        content_type = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _faults(data: Any) -> Iterator[tuple[Path, str]]:
    """Where a value cannot be kept, and why. Without recursion: the depth is what it guards."""
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            fault = _text_fault(value)
            if fault:
                yield path, fault
        elif isinstance(value, dict | list):
            if len(path) >= MOST_LEVELS:
                yield path[:1], f"This is nested deeper than {MOST_LEVELS} levels."
                return
            if isinstance(value, dict):
                for name, inner in value.items():
                    fault = _text_fault(name)
                    if fault:
                        yield path, f"A name in it is not usable: {fault}"
                    waiting.append(((*path, name), inner))
            else:
                waiting.extend(((*path, number), inner) for number, inner in enumerate(value))
        elif isinstance(value, int | float) and not (math.isfinite(value) and abs(value) < LARGEST_NUMBER):
            yield path, "This number is too large."


def _text_fault(text: str) -> str:
    if text.isascii():
        return "It holds a NUL character (\\u0000), which cannot be stored." if "\x00" in text else ""
    if "\x00" in text:
        return "It holds a NUL character (\\u0000), which cannot be stored."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "It holds half of a surrogate pair (\\ud800 to \\udfff), which is no character."
    return ""


def _nested(path: Path, words: str) -> Any:
    """As serializers report errors: objects by name, lists by number, the words innermost."""
    detail: Any = [words]
    for step in reversed(path):
        detail = {str(step): detail}
    return detail
