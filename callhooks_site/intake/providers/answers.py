"""What the provider is answered: nothing, or TwiML with which a call or a message goes on."""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from django.http import HttpResponse

from calls.models import Tracker

from .addresses import DIAL, INCOMING, PLACES, RECORDING, VOICE, url_of
from .callback import Delivered, Malformed, Said
from .models import IngestSource
from .parties import number

NEXT = "next"


def answer(source: IngestSource, delivered: Delivered, place: str) -> HttpResponse:
    """To a callback that is genuine."""
    if not PLACES[place].twiml:
        return HttpResponse(status=204)
    inside = _goes_on_at(delivered) or (_dial_through(source, delivered) if place == INCOMING else "")
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'
    return HttpResponse(body, content_type="text/xml; charset=utf-8")


def _goes_on_at(delivered: Delivered) -> str:
    """At the address in the URL's query. It is signed with the rest of the URL: nobody else can have put it there."""
    try:
        address = delivered.options.get(NEXT, "")
        parts = urlsplit(address)
    except (Malformed, ValueError):
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return f'<Redirect method="POST">{escape(address)}</Redirect>'


def _dial_through(source: IngestSource, delivered: Delivered) -> str:
    """To the business number of the tracking number that was called, every callback named."""
    try:
        called = number(Said(delivered.parameters).text("To"))
    except Malformed:
        return ""
    tracker = Tracker.objects.filter(company=source.company, phone_number=called).first() if called else None
    if tracker is None or not tracker.destination_number:
        return ""
    recorded = ""
    if source.company.recording_expected:
        recorded = f' record="record-from-answer-dual" recordingStatusCallback={quoteattr(url_of(source, RECORDING))}'
    status = quoteattr(url_of(source, VOICE))
    return (
        f'<Dial answerOnBridge="true" action={quoteattr(url_of(source, DIAL))}{recorded}>'
        f'<Number statusCallback={status} statusCallbackEvent="initiated ringing answered completed">'
        f"{escape(tracker.destination_number)}</Number></Dial>"
    )
