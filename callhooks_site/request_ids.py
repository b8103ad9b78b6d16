"""An id for each request: in the response header `X-Request-Id`, and in every log line of the request."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponseBase

from subscriptions.lib import log_context

HEADER = "X-Request-Id"
# An id that a proxy or a client sends is kept, if it is safe to log.
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_LINE_ENDS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
# What our own secrets look like, and logins in URLs and headers. They do not belong into messages; should one get there
# in the words of a library or a database, it does not get into the log.
_SECRET = re.compile(
    r"\b(whsec_|chk_)[A-Za-z0-9+/=_-]{8,}"
    r"|\b(Bearer |Basic |Token token=\"?)[A-Za-z0-9+/=._~-]{8,}"
    r"|(://)[^/\s:@]{0,200}:[^/\s@]{1,200}(?=@)"
    r"|(/(?:invitation|unsubscribe|reset/[A-Za-z0-9_-]{1,20})/)[A-Za-z0-9_-]{8,}"
)
_current: ContextVar[str] = ContextVar("request_id", default="-")


def request_ids(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """The outermost middleware."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        request_id = given if _GIVEN.fullmatch(given) else uuid4().hex
        token = _current.set(request_id)
        try:
            with log_context.request():
                response = get_response(request)
        finally:
            _current.reset(token)
        response.headers[HEADER] = request_id
        return response

    return answer


def current_id() -> str:
    """Of the request under way; "-" outside of requests."""
    return _current.get()


class WithRequestId(logging.Filter):
    """Adds `request_id` to log records; "-" outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_id()
        return True


def hide_secrets(text: str) -> str:
    return _SECRET.sub(lambda found: f"{found[1] or found[2] or found[3] or found[4]}***", text)


class OneLine(logging.Formatter):
    """Keeps each message on one line, so that line breaks in a URL or a name cannot forge a log entry. Tracebacks still
    follow on their own lines."""

    def __init__(self, line: str = "%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s") -> None:
        super().__init__(line)

    def formatMessage(self, record: logging.LogRecord) -> str:
        return hide_secrets(_LINE_ENDS.sub(lambda found: repr(found[0])[1:-1], super().formatMessage(record)))
