"""Request and response bodies as text for a page. Templates escape it."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from ...lib import answer_text

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# The parts of JSON that have a colour: names and texts, words, numbers.
_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*")(?P<name>(?=\s*:))?|(?P<word>\b(?:true|false|null)\b)|(?P<number>-?\d[\d.eE+-]*)'
)
MOST_COLOURED = 50_000  # characters: behind that the spans would weigh more than they help
REPLACED = "\N{REPLACEMENT CHARACTER}"


def decode_body(body: bytes) -> str:
    """The body as UTF-8 text, or its size if it is not text."""
    return _readable(body.decode("utf-8", "replace"), body)


def decode_answer(body: bytes, headers: answer_text.Headers) -> tuple[str, bool]:
    """An answer's body as text, by what its headers say of it, and whether it goes on behind what is shown."""
    unpacked = answer_text.unpack(body, headers)
    is_cut = unpacked is not body and len(unpacked) >= answer_text.LONGEST
    return _readable(answer_text.decode(unpacked, headers), unpacked), is_cut


def _readable(text: str, body: bytes) -> str:
    text = _CONTROLS.sub(REPLACED, text)
    if body and text.count(REPLACED) > max(8, len(text) // 10):
        return f"({len(body)} bytes that are not text)"
    return text


def pretty(event_body: bytes, encoding: str = "json") -> str:
    """The JSON of an event, indented; of a form, each field on a line."""
    if encoding == "form":
        return "\n".join(f"{name} = {value}" for name, value in parse_qsl(event_body.decode(), keep_blank_values=True))
    return json.dumps(json.loads(event_body), indent=2, ensure_ascii=False)


def list_changes(event_body: bytes) -> list[str]:
    """The names in `changes` of a Call Modified."""
    body = json.loads(event_body) if event_body else {}
    return [str(name).replace("_", " ") for name in body.get("changes", [])]


def colour(text: str) -> SafeString:
    """Escaped, with the parts of JSON in the classes of `.code`; what is no JSON, or long, has no colour. HTML that is
    marked as safe is escaped, too: it is to be read."""
    if len(text) > MOST_COLOURED or not _is_json(text):
        return escape(text)
    parts: list[tuple[str, str, str]] = []
    end = 0
    for found in _TOKEN.finditer(text):
        kind = "k" if found["name"] is not None else "s" if found["text"] else "w" if found["word"] else "n"
        parts.append((text[end : found.start()], kind, found[0]))
        end = found.end()
    return format_html("{}{}", format_html_join("", '{}<span class="{}">{}</span>', parts), text[end:])


def _is_json(text: str) -> bool:
    if text[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
