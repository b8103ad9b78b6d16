"""The URLs that phone providers call. They reveal nothing: what is not signed is refused."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscriptions.lib import log_context

from . import refusals, twiml
from .callback_request import CallbackRequest
from .callback_urls import CALLBACK_URLS
from .errors import CallbackRefused
from .intake import process, verify
from .models import IngestSource, RefusedCallback

Reason = RefusedCallback.Reason
# SignalWire has a header of its own, and sends Twilio's name too for older programs.
_SIGNATURE_HEADERS = {
    IngestSource.Provider.TWILIO: ("X-Twilio-Signature",),
    IngestSource.Provider.SIGNALWIRE: ("X-SignalWire-Signature", "X-Twilio-Signature"),
}


@csrf_exempt
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest, key: str, place: str) -> HttpResponse:
    source = IngestSource.objects.select_related("company").defer("company__signing_key").filter(public_key=key).first()
    if source is None or place not in CALLBACK_URLS:
        raise Http404("There is nothing at this address.")
    log_context.note_company(source.company.resource_id)
    too_large = _is_too_large(request)
    received = CallbackRequest(
        str(request.method),
        request.META.get("QUERY_STRING", ""),
        request.headers.get("Content-Type", ""),
        b"" if too_large else request.body,
        timezone.now(),
    )
    signature = _read_signature(request, source)
    try:
        if too_large or len(received.query) > refusals.MOST_QUERY:
            words = f"Its body is larger than {refusals.MOST_BODY:,} bytes, or its query is too long."
            raise CallbackRefused(Reason.TOO_LARGE, words)
        verify(source, received, place, signature)
    except CallbackRefused as refused:
        if not refusals.keep(source, received, place, signature, refused):
            return HttpResponse("Too many.\n", status=429, content_type="text/plain")
        return _answer_refused(refused)
    try:
        process(source, received)
    except CallbackRefused as refused:
        refusals.keep(source, received, place, signature, refused)
        if refused.reason == Reason.ACCOUNT:
            return _answer_refused(refused)
    else:
        source.count_received()
    # Even if it was refused: the provider has a call to continue, and a repeated callback would not help.
    return twiml.build_answer(source, received, place)


def _is_too_large(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > refusals.MOST_BODY


def _read_signature(request: HttpRequest, source: IngestSource) -> str:
    names = _SIGNATURE_HEADERS[IngestSource.Provider(source.provider)]
    return next((request.headers[name] for name in names if name in request.headers), "")


def _answer_refused(refused: CallbackRefused) -> HttpResponse:
    """The company sees the reason in the admin; the sender does not learn it."""
    status = 413 if refused.reason == Reason.TOO_LARGE else 403
    return HttpResponse("Refused.\n", status=status, content_type="text/plain")
