"""Answers that receivers send, from the odd to the malicious, and what each has to come to."""

from __future__ import annotations

import gzip
import zlib

from .cases import LIST, OWN, ReplyCase

KEPT = 16 * 1024
_GZIP_BOMB = gzip.compress(b"\0" * 50_000_000)
_DEFLATE_BOMB = zlib.compress(b"\0" * 50_000_000)


def _full(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def _chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n", headers: bytes = b"") -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + headers + b"\r\n" + body + end


def _bad(
    kind: str, source: str, name: str, reply: bytes, then: str = "close", error: str = "bad_response"
) -> ReplyCase:
    return ReplyCase(kind, source, name, reply, then, error=error)


def _raw(headers: str, body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode("latin-1") + body


def _encoded(coding: str, body: bytes) -> bytes:
    return _full("200 OK", body, f"Content-Encoding: {coding}")


def _fine(
    kind: str,
    source: str,
    name: str,
    reply: bytes,
    body: bytes | None = None,
    *,
    cut: bool | None = None,
    then: str = "close",
) -> ReplyCase:
    """An answer whose 200 counts; `cut`: whether not all of its body is kept."""
    return ReplyCase(kind, source, name, reply, then, status=200, body=body, truncated=cut)


def _unread(kind: str, source: str, name: str, reply: bytes, then: str = "close") -> ReplyCase:
    """An answer with a header that libcurl stops at: its status counts, its body is not read, its connection ends."""
    return ReplyCase(kind, source, name, reply, then, status=200, body=b"", truncated=True)


STATUS = [
    *(_bad("status", LIST, status, _full(f"{status} Odd", b"x")) for status in ("099", "101", "600", "999")),
    *(
        _bad("status", OWN, status, _full(f"{status} Odd", b"x"))
        for status in ("000", "700", "1000", "20", "-200", "2x0", "+20")
    ),
    _bad("status", OWN, "101 and then 200", b"HTTP/1.1 101 Switching\r\n\r\n" + _full("200 OK", b"ok")),
    _bad("status", OWN, "two hundred in other digits", "HTTP/1.1 ٢٠٠ OK\r\n\r\n".encode()),
    *(
        ReplyCase("status", OWN, status, _full(f"{status} Fine", b"x"), status=int(status[:3]))
        for status in ("200", "201", "207", "299", "400", "410", "418", "429", "500", "503", "599")
    ),
    ReplyCase("status", OWN, "no reason", b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", status=200, body=b""),
    _unread("status", OWN, "a reason of rubbish", b"HTTP/1.1 200 \xff\x00\x1b[31m\r\n\r\n"),
    ReplyCase(
        "status", OWN, "204 with a body", b"HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\nhello", status=204, body=b""
    ),
    ReplyCase(
        "status", OWN, "304 with a length", b"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", status=304, body=b""
    ),
]
NO_HTTP = [
    _bad("no HTTP at all", LIST, "another greeting", b"SSH-2.0-OpenSSH_9.2\r\n"),
    _bad("no HTTP at all", LIST, "binary", bytes(range(256)) * 8),
    _bad("no HTTP at all", OWN, "HTTP/0.9", b"<html>hello</html>\n"),
    _bad("no HTTP at all", OWN, "HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    _bad("no HTTP at all", OWN, "HTTP/2 status line", b"HTTP/2 200\r\n\r\n"),
    _bad("no HTTP at all", OWN, "HTTP/2 frames", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18),
    _bad("no HTTP at all", OWN, "a request", b"POST /hook HTTP/1.1\r\n\r\n"),
    _bad("no HTTP at all", OWN, "ICY", b"ICY 200 OK\r\n\r\n"),
    _bad("no HTTP at all", OWN, "lower case", b"http/1.1 200 ok\r\n\r\n"),
    _bad("no HTTP at all", OWN, "a blank line first", b"\r\nHTTP/1.1 200 OK\r\n\r\n"),
    _bad("no HTTP at all", OWN, "blanks", b" " * 200),
    _bad("no HTTP at all", OWN, "no end of line", b"HTTP/1.1 200 OK", error="reset"),
    _bad("no HTTP at all", OWN, "a TLS alert", b"\x15\x03\x01\x00\x02\x02\x28"),
    _bad("no HTTP at all", OWN, "64 KB without a line end", b"x" * 65536),
    _bad("no HTTP at all", OWN, "64 KB without a line end, and open", b"x" * 65536, "keep"),
]
BROKEN_OFF = [
    _bad("reset after the request", LIST, "at once", b"", "reset", "reset"),
    _bad("reset after the request", OWN, "closed at once", b"", "close", "reset"),
    _bad("reset after the request", OWN, "closed after 100 Continue", b"HTTP/1.1 100 Continue\r\n\r\n", error="reset"),
    _bad("reset after the request", OWN, "closed in the status line", b"HTTP/1.1 2", error="reset"),
    _bad("reset after the request", OWN, "closed in the headers", b"HTTP/1.1 200 OK\r\nServer: x\r\n"),
    _bad("reset after the request", OWN, "closed in a header line", b"HTTP/1.1 200 OK\r\nServ"),
]
HEADERS = [
    _bad("header flood", LIST, "200 headers", _full("200 OK", b"", *(f"X-{n}: {n}" for n in range(200)))),
    _bad("header flood", LIST, "100 KB header line", _full("200 OK", b"", "X: " + "a" * 100_000)),
    _bad("header flood", OWN, "100 KB status line", _full("200 " + "O" * 100_000, b"")),
    _bad("header flood", OWN, "100 KB header name", _full("200 OK", b"", "a" * 100_000 + ": x")),
    _bad("header flood", OWN, "99 headers of 1 KB", _full("200 OK", b"", *(f"X-{n}: {'a' * 1000}" for n in range(99)))),
    # libcurl makes one header of them; it is the size that is bounded.
    ReplyCase(
        "header flood", OWN, "continuation lines", _full("200 OK", b"", "X: a", *(" b" for _ in range(200))), status=200
    ),
    _bad("header flood", OWN, "40 KB in continuation lines", _full("200 OK", b"", "X: a", *(" " + "b" * 200,) * 200)),
    _unread("header flood", OWN, "lines without a colon", b"HTTP/1.1 200 OK\r\n" + b"rubbish\r\n" * 500, "keep"),
    ReplyCase(
        "header flood", OWN, "99 headers", _full("200 OK", b"ok", *(f"X-{n}: {n}" for n in range(99))), status=200
    ),
    _unread("odd header", LIST, "NUL", _full("200 OK", b"ok", "X: a\0b", "Y\0: c")),
    ReplyCase("odd header", LIST, "invalid UTF-8", _full("200 OK", b"ok", "X: \xff\xfe\x80"), status=200, body=b"ok"),
    ReplyCase(
        "odd header", OWN, "escape sequences", _full("200 OK", b"ok", "X: \x1b[2J\x07\x9b"), status=200, body=b"ok"
    ),
    _unread("odd header", OWN, "bare CR", _full("200 OK", b"ok", "X: a\rSet-Cookie: b")),
    _unread("odd header", OWN, "no colon", _full("200 OK", b"ok", "rubbish")),
    ReplyCase("odd header", OWN, "no name", _full("200 OK", b"ok", ": x"), status=200, body=b"ok"),
    ReplyCase(
        "odd header", OWN, "script", _full("200 OK", b"ok", "X: <script>alert(1)</script>"), status=200, body=b"ok"
    ),
    ReplyCase(
        "odd header", OWN, "bare line feeds", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", status=200, body=b"ok"
    ),
    *(
        ReplyCase("Retry-After", LIST, value, _full("503 Later", b"", f"Retry-After: {value}"), status=503)
        for value in ("-5", "1000000000000", "1e309", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", "\xff")
    ),
    *(
        ReplyCase("redirect", LIST, where[:40], _full(f"{status} There", b"moved", f"Location: {where}"), status=status)
        for status, where in (
            (301, "http://169.254.169.254/latest/meta-data/"),
            (302, "http://127.0.0.1:1/"),
            (303, "file:///etc/passwd"),
            (307, "//[::1"),
            (308, "http://\xff\xfe:port/"),
            (300, ""),
        )
    ),
    ReplyCase(
        "cookie", OWN, "Set-Cookie", _full("200 OK", b"ok", "Set-Cookie: a=b; Domain=127.0.0.1"), status=200, body=b"ok"
    ),
    ReplyCase("login", OWN, "401 asks for Basic", _full("401 No", b"", "WWW-Authenticate: Basic"), status=401),
    ReplyCase("login", OWN, "407 asks for the proxy's", _full("407 No", b"", "Proxy-Authenticate: Basic"), status=407),
]
INTERIM = [
    _bad("endless 100-continue", LIST, "a thousand", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "keep"),
    _bad("endless 100-continue", OWN, "with headers", b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n" * 1000, "keep"),
    ReplyCase(
        "interim answers", OWN, "one", b"HTTP/1.1 100 Continue\r\n\r\n" + _full("200 OK", b"ok"), status=200, body=b"ok"
    ),
    ReplyCase(
        "interim answers",
        OWN,
        "early hints",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + _full("200 OK", b"ok"),
        status=200,
        body=b"ok",
    ),
]
_A = b"a" * KEPT
BODIES = [
    _fine("wrong Content-Length", LIST, "too long", _raw("Content-Length: 9", b"ok"), b"ok", cut=True),
    _fine("wrong Content-Length", LIST, "too short", _raw("Content-Length: 2", b"okHTTP/1.1 500"), b"ok", cut=False),
    *(
        _unread("wrong Content-Length", OWN, f"{length!r:.20}", _raw(f"Content-Length: {length}", b"ok"))
        for length in ("-2", "+2", "2_0", "0x2", "2.0", "1e1", "", "a", "2, 3", " ")
    ),
    *(
        _fine("wrong Content-Length", OWN, f"{length!r:.20}", _raw(f"Content-Length: {length}", b"ok"), b"ok")
        for length in ("2, 2", "9" * 30)
    ),
    _unread("wrong Content-Length", OWN, "twice", _raw("Content-Length: 2\r\nContent-Length: 1", b"hello")),
    _fine("wrong Content-Length", OWN, "huge", _raw("Content-Length: 999999999999", b"ok"), b"ok", cut=True),
    _fine("wrong Content-Length", OWN, "and chunked", _chunked(b"ok", headers=b"Content-Length: 99\r\n"), b"ok"),
    _fine("large body", OWN, "just fits", _full("200 OK", _A), _A, cut=False),
    _fine("large body", OWN, "one more", _full("200 OK", _A + b"b"), _A, cut=True),
    _fine("large body", OWN, "5 MB", _full("200 OK", b"a" * 5_000_000), _A, cut=True),
    _fine("large body", OWN, "no length, 5 MB", b"HTTP/1.0 200 OK\r\n\r\n" + b"a" * 5_000_000, _A, cut=True),
    _fine("large body", OWN, "one chunk of 5 MB", _chunked(b"a" * 5_000_000), _A, cut=True),
    _fine("large body", OWN, "chunks of 1 KB", _chunked(*[b"a" * 1024] * 2000), _A, cut=True),
    _fine("compressed bomb", LIST, "gzip", _encoded("gzip", _GZIP_BOMB), _GZIP_BOMB[:KEPT]),
    _fine("compressed bomb", LIST, "deflate", _encoded("deflate", _DEFLATE_BOMB), _DEFLATE_BOMB[:KEPT]),
    _fine("compressed bomb", LIST, "br", _encoded("br", b"\xcf\xff\xff" * 9), b"\xcf\xff\xff" * 9),
    _fine("compressed bomb", OWN, "many layers", _encoded("gzip, " * 50 + "gzip", _GZIP_BOMB), _GZIP_BOMB[:KEPT]),
    _unread("compressed bomb", OWN, "transfer", _raw("Transfer-Encoding: gzip, chunked", _GZIP_BOMB)),
    *(
        _fine("odd body", LIST, name, _full("200 OK", body), body, cut=False)
        for name, body in (
            ("NUL and invalid UTF-8", b"\0\xff\xfe\x80"),
            ("script", b"<script>alert(1)</script>"),
            ("cell", b"=cmd|'/c calc'!A1"),
        )
    ),
    _fine("chunks", OWN, "fine", _chunked(b"he", b"llo"), b"hello", cut=False),
    _fine("chunks", OWN, "extension", _chunked(end=b"2;a=b\r\nok\r\n0\r\n\r\n"), b"ok", cut=False),
    _fine("chunks", OWN, "trailer", _chunked(b"ok", end=b"0\r\nX: y\r\n\r\n"), b"ok", cut=False),
    _fine("chunks", OWN, "capitals", _raw("Transfer-Encoding: CHUNKED", b"2\r\nok\r\n0\r\n\r\n"), b"ok", cut=False),
    *(
        _fine("chunks", OWN, name, _chunked(b"ok", end=end), b"ok", cut=True)
        for name, end in (
            ("no end", b""),
            ("negative size", b"-5\r\nhello\r\n"),
            ("0x size", b"0x5\r\nhello\r\n0\r\n\r\n"),
            ("no size", b"\r\nhello\r\n"),
            ("other digits", "٥\r\nhello\r\n".encode()),
            ("endless extension", b"5;" + b"a" * 100_000),
            ("endless trailers", b"0\r\n" + b"X: y\r\n" * 5000),
            ("one long trailer", b"0\r\nX: " + b"y" * 100_000),
        )
    ),
    # What libcurl had read of a chunk before it saw the fault is kept.
    _fine("chunks", OWN, "huge size", _chunked(b"ok", end=b"fffffffffffffff\r\nhello"), b"okhello", cut=True),
    _fine("chunks", OWN, "size with an underscore", _chunked(b"ok", end=b"1_0\r\nhello"), b"okh", cut=True),
    _fine("chunks", OWN, "no line end after the data", _chunked(end=b"2\r\nokXX0\r\n\r\n"), b"ok", cut=True),
    _fine(
        "chunks",
        OWN,
        "tiny with long extensions",
        _chunked(end=(b"1;" + b"e" * 1000 + b"\r\na\r\n") * 3000 + b"0\r\n\r\n"),
        cut=True,
    ),
    _fine("body broken off", OWN, "reset", _raw("Content-Length: 99", b"ok"), cut=True, then="reset"),
    ReplyCase(
        "body broken off", OWN, "500", b"HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\nok", status=500, truncated=True
    ),
    _fine("HTTP/1.0", OWN, "until it closes", b"HTTP/1.0 200 OK\r\n\r\nok", b"ok", cut=False),
    _fine("HTTP/1.0", OWN, "empty", b"HTTP/1.0 200 OK\r\n\r\n", b"", cut=False),
    _fine("smuggling", OWN, "two answers", _full("200 OK", b"ok") * 2, b"ok", cut=False),
    _fine("smuggling", OWN, "blank before the colon", _raw("Content-Length : 1", b"ok"), b"ok"),
    _unread("smuggling", OWN, "unknown coding", _raw("Transfer-Encoding: xchunked", b"ok")),
]

CASES = [*STATUS, *NO_HTTP, *BROKEN_OFF, *HEADERS, *INTERIM, *BODIES]
