"""Read a form out of a request's body. The body itself is never stored."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from subscriptions.intake.errors import Refused

from ..models import FormRefusal
from .parsed_form import ParsedForm, Unreadable, parse_object, parse_pairs
from .salvage import parse_query, salvage

Reason = FormRefusal.Reason
MOST_BODY = 262_144  # bytes: many times the longest text that somebody types into a form
MOST_READ = 524_288  # up to here a form that is too large is read, to be kept as refused
# text/plain is what a page can send while the visitor leaves it, without a preflight.
JSON_TYPES = ("application/json", "text/plain")
TOO_MANY = "The form has too many fields."
QUERY, MULTIPART = FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class _NoFile(FileUploadHandler):
    """Notes the names of files, and lets their content pass."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.files: dict[str, str] = {}

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        self.files[field_name] = file_name
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


def read_body(request: HttpRequest, *, throttled: bool = False) -> ParsedForm:
    """Of a sender that is `throttled` no more is read than a form may have. Raises Unreadable, with what was understood
    of a form that is too large, malformed, or has a file."""
    given = request.META.get("CONTENT_LENGTH") or "0"
    length = int(given) if given.isascii() and given.isdigit() else None
    # Files are not kept; the fields beside them are.
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE if request.content_type == MULTIPART else MOST_READ
    if length is None or length > (MOST_BODY if throttled else most):
        raise Unreadable(Reason.TOO_LARGE, f"The form is larger than {MOST_BODY:,} bytes.")
    try:
        form = _read_multipart(request) if request.content_type == MULTIPART else _read_text(request)
    except Refused as refused:
        understood = getattr(refused, "form", None) or _salvage(request, length)
        raise Unreadable(refused.reason, refused.detail, understood) from None
    if length > MOST_BODY:
        raise Unreadable(Reason.TOO_LARGE, f"The form is larger than {MOST_BODY:,} bytes.", form)
    if form.too_large:
        raise Unreadable(Reason.TOO_LARGE, form.too_large, form)
    return form


def _salvage(request: HttpRequest, length: int) -> ParsedForm | None:
    if length > MOST_READ:
        return None
    return salvage(request.body, _charset(request), request.headers.get("Content-Type", ""))


def _charset(request: HttpRequest) -> str:
    return (request.content_params or {}).get("charset", "utf-8")


def _read_text(request: HttpRequest) -> ParsedForm:
    kind = request.content_type or ""
    if kind in JSON_TYPES:
        try:
            return parse_object(json.loads(request.body))
        except (ValueError, RecursionError):
            raise Unreadable(Reason.MALFORMED, "The body is not valid JSON.") from None
    if kind != QUERY:
        words = f"Content type {kind[:100] or '(none)'} is not supported. Send one of: "
        raise Unreadable(Reason.MALFORMED, words + ", ".join((*FORM_TYPES, JSON_TYPES[0])) + ".")
    if _charset(request).lower() not in ("utf-8", "utf8"):
        raise Unreadable(Reason.MALFORMED, "The body does not match its content type.")
    try:
        return parse_pairs(parse_query(request.body.decode(errors="replace")))
    except ValueError:
        raise Unreadable(Reason.TOO_LARGE, TOO_MANY) from None


def _read_multipart(request: HttpRequest) -> ParsedForm:
    handler = _NoFile(request)
    request.upload_handlers = [handler]
    if int(request.META["CONTENT_LENGTH"]) <= MOST_READ:
        request.body  # noqa: B018 - kept by Django, for a form that cannot be read as what it says it is
    try:
        pairs = list(request.POST.lists())
    except SuspiciousOperation:
        raise Unreadable(Reason.TOO_LARGE, TOO_MANY) from None
    except (BadRequest, MultiPartParserError):
        raise Unreadable(Reason.MALFORMED, "The body does not match its content type.") from None
    if handler.files:
        notes = {name: f"[{file} was not kept]" for name, file in handler.files.items()}
        form = parse_pairs([*pairs, *((name, [note]) for name, note in notes.items())])
        words = "Forms cannot carry files. Remove the file field from the form, or ask for the file by email."
        raise Unreadable(Reason.FILE, words, replace(form, too_large=""))
    return parse_pairs(pairs)
