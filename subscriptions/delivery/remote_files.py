"""Give a file that lies at another server to a browser: fetched through the guarded session piece by piece, never kept.

Ranges are passed on, so that a player can jump. A server that knows no ranges sends the whole file, up to WHOLE bytes.
A process fetches few files at once (file_slots.py); whoever comes then is asked to come back.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from .file_slots import SLOTS
from .http.failures import SendFailed
from .http.session import GuardedSession
from .webhook_client import USER_AGENT

logger = logging.getLogger(__name__)

PIECE = 1024 * 1024
WHOLE = 64 * 1024 * 1024  # of a server that knows no ranges
LONGEST = 1024 * 1024 * 1024  # of one that does: a recording of many hours
SECONDS = 30.0  # for each piece
MOST_REDIRECTS = 3

Login = tuple[str, str]  # user, password
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
# What a browser plays or shows without running anything of it.
_HARMLESS = re.compile(r"(?:audio|video)/[\w.+-]+|image/(?:png|jpeg|gif|webp)")


class NotFetched(Exception):
    """The file could not be had; the message says why, for people."""


@dataclass(frozen=True)
class _Piece:
    start: int
    total: int
    content: bytes
    content_type: str


def stream_file(
    request: HttpRequest, url: str, company: int, login: Login | None = None, *, is_extra: bool = False
) -> HttpResponseBase:
    """The file of this company as the answer to this GET or HEAD. `login` goes to the URL's own server only. One
    that is extra, without which the page is whole, never takes the last slot."""
    if not SLOTS.take(company, leave=1 if is_extra else 0):
        busy = "Too many files are fetched at this moment. Try again in a few seconds.\n"
        return HttpResponse(busy, "text/plain; charset=utf-8", 503, headers={"Retry-After": "5"})
    answer = None
    try:
        answer = _answer(request, _RemoteFile(url, login), company)
    except NotFetched as error:
        return HttpResponse(f"The file could not be fetched. {error}\n", "text/plain; charset=utf-8", 502)
    finally:
        if not isinstance(answer, StreamingHttpResponse):  # one that streams gives it back at its end
            SLOTS.give_back(company)
    return answer


def _answer(request: HttpRequest, file: _RemoteFile, company: int) -> HttpResponseBase:
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked and not asked[1] and asked[2]:  # the last bytes: their place depends on the size
        start = max(0, file.read(0, 0).total - int(asked[2]))
    else:
        start = int(asked[1]) if asked and asked[1] else 0
    end = int(asked[2]) if asked and asked[1] and asked[2] else LONGEST - 1
    if end < start:
        return HttpResponse(status=416)
    first = file.read(start, min(end, start + PIECE - 1))
    if first.total > LONGEST:
        return HttpResponse("The file is too large to be given from here.\n", "text/plain; charset=utf-8", 502)
    if start >= first.total:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{first.total}"})
    end = min(end, first.total - 1)
    status = 206 if asked else 200
    answer: HttpResponseBase
    if request.method == "HEAD":  # the server would read all pieces to throw them away
        answer = HttpResponse(status=status)
    else:
        answer = StreamingHttpResponse(_Stream(_pieces(file, first, end), company), status=status)
    harmless = _HARMLESS.fullmatch(first.content_type)
    answer.headers["Content-Type"] = first.content_type if harmless else "application/octet-stream"
    answer.headers["Content-Length"] = str(end - start + 1)
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Content-Disposition"] = "inline" if harmless else "attachment"
    if asked:
        answer.headers["Content-Range"] = f"bytes {start}-{end}/{first.total}"
    return answer


class _Stream:
    """The pieces, with the slot that they hold until the answer is closed, sent or not."""

    def __init__(self, pieces: Iterator[bytes], company: int) -> None:
        self._pieces, self._company, self._open = pieces, company, True

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        if self._open:
            self._open = False
            SLOTS.give_back(self._company)


def _pieces(file: _RemoteFile, first: _Piece, end: int) -> Iterator[bytes]:
    """From the first piece on to `end`. A failure breaks the answer off, which its length tells the browser."""
    at = first.start
    piece = first
    while True:
        yield piece.content[: end - at + 1]
        at += len(piece.content)
        if at > end or not piece.content:
            return
        try:
            piece = file.read(at, min(end, at + PIECE - 1))
        except NotFetched as error:
            logger.warning("A file broke off after %s bytes: %s", at - first.start, error)
            raise


class _RemoteFile:
    """Reads pieces; of a server that knows no ranges, the whole once."""

    def __init__(self, url: str, login: Login | None) -> None:
        self._url, self._login = url, login
        self._whole: _Piece | None = None
        self._session = GuardedSession(
            allowed_networks=settings.WEBHOOK_ALLOWED_NETWORKS,
            proxy=settings.WEBHOOK_PROXY or None,
            ca_bundle=settings.WEBHOOK_CA_BUNDLE or None,
            user_agent=USER_AGENT,
            total_timeout=SECONDS,
            longest_body=WHOLE,
        )

    def read(self, start: int, end: int) -> _Piece:
        """The bytes from `start` to `end`, or fewer; none behind the end of the file. Raises NotFetched."""
        if self._whole is None:
            reply = self._get(start, end)
            kind = str(reply.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
            if reply.status_code == 416:
                total = re.fullmatch(r"bytes \*/(\d{1,15})", str(reply.headers.get("Content-Range", "")))
                return _Piece(start, int(total[1]) if total else start, b"", kind)
            if reply.status_code == 206:
                place = _CONTENT_RANGE.fullmatch(str(reply.headers.get("Content-Range", "")))
                if place is None or int(place[1]) != start:
                    raise NotFetched("The server sent another part of the file than was asked for.")
                return _Piece(start, int(place[3]), reply.content, kind)
            if reply.status_code != 200:
                raise NotFetched(f"The server answered {reply.status_code}.")
            self._whole = _Piece(0, len(reply.content), reply.content, kind)
        whole = self._whole
        return _Piece(start, whole.total, whole.content[start : end + 1], whole.content_type)

    def _get(self, start: int, end: int) -> Any:
        url, login = self._url, self._login
        for _ in range(MOST_REDIRECTS + 1):
            try:
                reply = self._session.get(url, auth=login, headers={"Range": f"bytes={start}-{end}"})
            except SendFailed as error:
                raise NotFetched(str(error)) from None
            if reply.status_code not in (301, 302, 303, 307, 308):
                return reply
            target = urljoin(url, str(reply.headers.get("Location", "")))
            if urlsplit(target)[:2] != urlsplit(url)[:2]:
                login = None
            url = target
        raise NotFetched(f"The server redirected more than {MOST_REDIRECTS} times.")
