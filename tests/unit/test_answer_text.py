"""Answers as text: unpacked and in their charset, bounded, whatever is said of them."""

from __future__ import annotations

import codecs
import gzip
import zlib

import brotli
import pytest

from subscriptions.lib.answer_text import LONGEST, decode, unpack

TEXT = "Bestätigt: 5 € – 日本".encode()


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def pack_gzip(content: bytes) -> bytes:
    """Without the time, so that the names of the tests are the same in both workers."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", pack_gzip(TEXT)),
        ("X-GZIP", pack_gzip(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", _raw_deflate(TEXT)),
        (" br ", brotli.compress(TEXT)),
    ],
)
def test_what_is_packed_is_unpacked(coding: str, packed: bytes) -> None:
    assert unpack(packed, [["Content-Encoding", coding]]) == TEXT


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", TEXT),
        ("br", TEXT),
        ("deflate", TEXT),
        ("gzip", b""),
        ("identity", TEXT),
        ("zstd", TEXT),
        ("gzip, gzip", pack_gzip(pack_gzip(TEXT))),
        ("gzip," * 1000, pack_gzip(TEXT)),
        ("", TEXT),
    ],
)
def test_what_is_not_packed_as_it_says_stays_as_it_is(coding: str, body: bytes) -> None:
    assert unpack(body, [["Content-Encoding", coding]]) is body


@pytest.mark.parametrize("pack", [gzip.compress, brotli.compress], ids=["gzip", "br"])
def test_a_bomb_is_cut(pack: object) -> None:
    coding = "gzip" if pack is gzip.compress else "br"
    packed = pack(b"\0" * 50_000_000)[: 16 * 1024]  # type: ignore[operator]
    assert unpack(packed, [["content-encoding", coding]]) == b"\0" * LONGEST


def test_what_was_cut_is_unpacked_as_far_as_it_goes() -> None:
    text = bytes(range(256)) * 40
    assert text.startswith(unpack(gzip.compress(text)[:-20], [["Content-Encoding", "gzip"]]))


@pytest.mark.parametrize(
    ("declared", "body", "text"),
    [
        ("text/plain", "Grüße".encode(), "Grüße"),
        ("text/plain; charset=iso-8859-1", "Grüße".encode("latin-1"), "Grüße"),
        ('text/html; CHARSET = "Windows-1252"', "5 €".encode("cp1252"), "5 €"),
        ("text/html; charset=Shift_JIS", "日本".encode("shift_jis"), "日本"),
        ("text/html; charset=utf-16", "Grüße".encode("utf-16"), "Grüße"),
        ("text/plain; charset=utf-8", b"\xff\xfe", "\ufffd\ufffd"),
        ("text/plain; charset=nonsense", "ß".encode(), "ß"),
        ("text/plain; charset=" + "x" * 9999, "ß".encode(), "ß"),
        ("", b"ok", "ok"),
    ],
)
def test_a_body_is_read_in_its_charset(declared: str, body: bytes, text: str) -> None:
    assert decode(body, [["Content-Type", declared]]) == text


@pytest.mark.parametrize("odd", ["hex", "zip", "rot13", "punycode", "idna", "unicode_escape", "utf-7", "undefined"])
def test_what_is_no_charset_of_the_web_is_not_used(odd: str) -> None:
    assert codecs.lookup(odd), "Python knows it"
    assert decode(b"+ADw-script+AD4- 4142", [["Content-Type", f"text/html; charset={odd}"]]) == "+ADw-script+AD4- 4142"
