"""The body of an HTTP answer as text for people: unpacked, in the charset that it declares. Nothing is decided by it.

Whoever answered wrote both the body and the headers, so what comes out is bounded, and nothing here raises.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Callable, Iterable, Sequence

import brotli

Headers = Iterable[Sequence[str]]  # pairs of name and value

LONGEST = 16 * 1024  # bytes, as many as are stored of a body
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
# Python has codecs that are no charsets (hex, zip, punycode) and some that make text run code elsewhere (UTF-7).
_CHARSETS = re.compile(
    r"utf-(8|16|32)(-[bl]e)?|ascii|iso8859-\d+|cp\d{3,4}|koi8-[ru]|mac-\w+|shift_jis|euc_\w+|iso2022_jp|gb\w+|big5|tis-620"
)


def decode(body: bytes, headers: Headers) -> str:
    """The text of an unpacked body. Bytes that its charset does not have, or that are no text, are U+FFFD."""
    return body.decode(_charset(headers), "replace")


def encode(text: str, headers: Headers) -> bytes:
    """What `decode` makes the text of; what the charset does not have is a question mark."""
    return text.encode(_charset(headers), "replace")


def is_plain(headers: Headers) -> bool:
    """Whether the body is UTF-8 and not packed, as most are."""
    return _charset(headers) == "utf-8" and not any(name.lower() == "content-encoding" for name, _ in headers)


def unpack(body: bytes, headers: Headers) -> bytes:
    """The body without its content coding, at most `LONGEST` bytes of it. A coding that is unknown or not what it is
    said to be, or several, leave the body as it is."""
    codings = [
        coding.strip().lower()
        for name, value in headers
        if name.lower() == "content-encoding"
        for coding in value.split(",")
    ]
    unpacker = _UNPACKERS.get(codings[0]) if len(codings) == 1 else None
    if unpacker is None or not body:
        return body
    try:
        return unpacker(body)[:LONGEST] or body
    except (zlib.error, brotli.error):
        return body


def _inflate(wbits: int) -> Callable[[bytes], bytes]:
    return lambda body: zlib.decompressobj(wbits).decompress(body, LONGEST)


def _deflate(body: bytes) -> bytes:
    """With zlib's header or, as some servers have it, without."""
    try:
        return _inflate(zlib.MAX_WBITS)(body)
    except zlib.error:
        return _inflate(-zlib.MAX_WBITS)(body)


def _brotli(body: bytes) -> bytes:
    unpacked: bytes = brotli.Decompressor().process(body, output_buffer_limit=LONGEST)
    return unpacked


_UNPACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _inflate(16 + zlib.MAX_WBITS),
    "x-gzip": _inflate(16 + zlib.MAX_WBITS),
    "deflate": _deflate,
    "br": _brotli,
}


def _charset(headers: Headers) -> str:
    declared = next((value for name, value in headers if name.lower() == "content-type"), "")
    if found := _CHARSET.search(declared):
        try:
            codec = codecs.lookup(found[1]).name
        except LookupError:
            return "utf-8"
        if _CHARSETS.fullmatch(codec):
            return codec
    return "utf-8"
