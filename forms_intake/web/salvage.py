"""Understand what can be understood of a body that is not what it says it is, for an admin to look at and accept."""

from __future__ import annotations

import codecs
import json
import re
from contextlib import suppress
from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs

from subscriptions.intake.errors import Refused

from ..contents import words
from ..secrets import is_secret
from .parsed_form import LONGEST_VALUE, ParsedForm, parse_object, parse_pairs

FIELD = "body"  # the field that has a text of which nothing more is known
REMOVED = "[removed]"
MOST_PARSED = 10_000  # fields of a query: each costs time, whatever becomes of the form
# A name, what stands between, and a value, in JSON, in what was meant to be JSON, and in a query. Nothing is given back
# (`+` after a count): 20,000 spaces would take ten minutes.
_PAIR = re.compile(
    r"""(["']?)([\w .\-\[\]]{1,100}+)\1(\s{0,100}+[:=]\s{0,100}+)"""
    r"""("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s,&;{}\[\]]+)"""
)
# Parts within parts: each line of a body is compared with the boundaries of all. Forms have none.
_NESTED = re.compile(rb"(?:multipart|message)/", re.IGNORECASE)
MOST_NESTED = 5
# Codecs that no page is written in: they refuse replacements, or take time by the square of the length.
_NO_CHARSETS = ("idna", "punycode", "undefined")
_QUERY = re.compile(r"[^\s=&]+=[^\s&]*(&[^\s=&]*=[^\s&]*)*")


def salvage(body: bytes, charset: str = "utf-8", content_type: str = "") -> ParsedForm | None:
    """Its fields, if it is JSON or the fields of a form after all; otherwise its text as one field. None if it is
    empty."""
    if parts := _find_parts(body, content_type):
        return parse_pairs(parts.items())
    text = _decode(body, charset).strip()
    if not re.search(r"\w", text):
        return None
    try:
        return parse_object(json.loads(text))
    except (Refused, ValueError, RecursionError):
        pass
    if _QUERY.fullmatch(text[:LONGEST_VALUE]):
        with suppress(ValueError):
            return parse_pairs(parse_query(text))
    return parse_object({**_find_texts(text), FIELD: _remove_secrets(text[:LONGEST_VALUE])})


def parse_query(text: str) -> list[tuple[str, list[str]]]:
    """Raises ValueError for more fields than anybody reads."""
    return list(parse_qs(text, keep_blank_values=True, max_num_fields=MOST_PARSED).items())


def _find_parts(body: bytes, content_type: str) -> dict[str, list[str]]:
    """The fields of a multipart form, by a parser that forgives more than Django's."""
    parts: dict[str, list[str]] = {}
    if not content_type.startswith("multipart/") or len(_NESTED.findall(body)) > MOST_NESTED:
        return parts
    message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    for part in message.walk():
        name = part.get_param("name", header="Content-Disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes) and not _is_file(part):
            parts.setdefault(name, []).append(content.decode(errors="replace"))
    return parts


def _is_file(part: Message) -> bool:
    try:
        return bool(part.get_filename())
    except ValueError:  # in a charset whose name has a NUL
        return True


def _decode(body: bytes, charset: str) -> str:
    try:
        if codecs.lookup(charset).name not in _NO_CHARSETS:
            return body.decode(charset, "replace")
    except (LookupError, ValueError):  # ValueError: a NUL in its name
        pass
    return body.decode(errors="replace")


def _find_texts(text: str) -> dict[str, Any]:
    """The texts of what was meant to be JSON: with a comma too many, or cut off."""
    found = {}
    for _, name, _, value in _PAIR.findall(text[:LONGEST_VALUE]):
        if value.startswith('"') and name.strip() and name != FIELD:
            try:
                found[name] = json.loads(value, strict=False)
            except ValueError:
                continue  # cut off
    return found


def _remove_secrets(text: str) -> str:
    def mask(pair: re.Match[str]) -> str:
        return f"{pair[1]}{pair[2]}{pair[1]}{pair[3]}{REMOVED}" if is_secret(words(pair[2])) else pair[0]

    return _PAIR.sub(mask, text)
