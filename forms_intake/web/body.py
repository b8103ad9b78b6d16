"""Read a form out of a request's body. The body itself is never stored."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from ..models import FormRefusal
from .parsed_form import ParsedForm, Unreadable, parse_object, parse_pairs

Reason = FormRefusal.Reason
MOST_BODY = 262_144  # bytes: many times the longest text that somebody types into a form
# text/plain is what a page can send while the visitor leaves it, without a preflight.
JSON_TYPES = ("application/json", "text/plain")
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class _NoFile(FileUploadHandler):
    def new_file(self, *args: Any, **kwargs: Any) -> None:
        words = "Forms cannot carry files. Remove the file field from the form, or ask for the file by email."
        raise Unreadable(Reason.FILE, words)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


def read_body(request: HttpRequest) -> ParsedForm:
    """Raises Unreadable."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MOST_BODY:
        raise Unreadable(Reason.TOO_LARGE, f"The form is larger than {MOST_BODY:,} bytes.")
    kind = request.content_type or ""
    if kind in JSON_TYPES:
        try:
            return parse_object(json.loads(request.body))
        except (ValueError, RecursionError):
            raise Unreadable(Reason.MALFORMED, "The body is not valid JSON.") from None
    if kind not in FORM_TYPES:
        words = f"Content type {kind[:100] or '(none)'} is not supported. Send one of: "
        raise Unreadable(Reason.MALFORMED, words + ", ".join((*FORM_TYPES, JSON_TYPES[0])) + ".")
    request.upload_handlers = [_NoFile(request)]
    try:
        return parse_pairs(request.POST.lists())
    except SuspiciousOperation:
        raise Unreadable(Reason.TOO_LARGE, "The form has too many fields.") from None
    except (BadRequest, MultiPartParserError):
        raise Unreadable(Reason.MALFORMED, "The body does not match its content type.") from None
