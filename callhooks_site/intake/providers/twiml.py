"""Answer the provider: with nothing, or with TwiML that continues the call or message."""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from django.http import HttpResponse

from calls.models import Tracker

from .addresses import normalise_number
from .callback_request import CallbackParams, CallbackRequest, Malformed
from .callback_urls import CALLBACK_URLS, DIAL, INCOMING, RECORDING, VOICE, build_url
from .models import IngestSource

NEXT = "next"


def build_answer(source: IngestSource, callback: CallbackRequest, place: str) -> HttpResponse:
    """The answer to a genuine callback."""
    if not CALLBACK_URLS[place].twiml:
        return HttpResponse(status=204)
    inside = _redirect(callback) or (_forward(source, callback) if place == INCOMING else "")
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'
    return HttpResponse(body, content_type="text/xml; charset=utf-8")


def _redirect(callback: CallbackRequest) -> str:
    """TwiML that continues at the `next` address of the URL's query. The signature covers it, so nobody forged it."""
    try:
        address = callback.options.get(NEXT, "")
        parts = urlsplit(address)
    except (Malformed, ValueError):
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return f'<Redirect method="POST">{escape(address)}</Redirect>'


def _forward(source: IngestSource, callback: CallbackRequest) -> str:
    """TwiML that dials the business number of the called tracking number, with all our callback URLs."""
    try:
        called = normalise_number(CallbackParams(callback.parameters).text("To"), source.company.region)
    except Malformed:
        return ""
    tracker = Tracker.objects.filter(company=source.company, phone_number=called).first() if called else None
    if tracker is None or not tracker.destination_number:
        return ""
    recorded = ""
    if source.company.recording_expected:
        recorded = (
            f' record="record-from-answer-dual" recordingStatusCallback={quoteattr(build_url(source, RECORDING))}'
        )
    status = quoteattr(build_url(source, VOICE))
    return (
        f'<Dial answerOnBridge="true" action={quoteattr(build_url(source, DIAL))}{recorded}>'
        f'<Number statusCallback={status} statusCallbackEvent="initiated ringing answered completed">'
        f"{escape(tracker.destination_number)}</Number></Dial>"
    )
