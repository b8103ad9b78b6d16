"""The URLs that phone providers call. Whoever finds one gets nothing out of it: what is not signed is refused."""

from __future__ import annotations

from django.db.models import F
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from . import answers, refusals
from .addresses import PLACES
from .callback import Delivered
from .intake import Refused, take_in, verify
from .models import IngestSource, RefusedCallback

# SignalWire has a header of its own, and sends Twilio's name too for the sake of older programs.
_HEADERS = {
    IngestSource.Provider.TWILIO: ("X-Twilio-Signature",),
    IngestSource.Provider.SIGNALWIRE: ("X-SignalWire-Signature", "X-Twilio-Signature"),
}


@csrf_exempt
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest, key: str, place: str) -> HttpResponse:
    source = IngestSource.objects.select_related("company").defer("company__signing_key").filter(public_key=key).first()
    if source is None or place not in PLACES:
        raise Http404("There is nothing at this address.")
    length = request.META.get("CONTENT_LENGTH") or "0"
    large = not length.isdigit() or int(length) > refusals.MOST_BODY
    query = request.META.get("QUERY_STRING", "")
    delivered = Delivered(
        str(request.method),
        query,
        request.headers.get("Content-Type", ""),
        b"" if large else request.body,
        timezone.now(),
    )
    signature = next(
        (request.headers[name] for name in _HEADERS[IngestSource.Provider(source.provider)] if name in request.headers),
        "",
    )
    try:
        if large or len(query) > refusals.MOST_QUERY:
            raise Refused(
                RefusedCallback.Reason.TOO_LARGE, f"More than {refusals.MOST_BODY} bytes, or a query too long."
            )
        verify(source, delivered, place, signature)
    except Refused as refused:
        kept = refusals.keep(source, delivered, place, signature, refused)
        return _no(refused) if kept else HttpResponse("Too many.\n", status=429, content_type="text/plain")
    try:
        take_in(source, delivered)
    except Refused as refused:
        refusals.keep(source, delivered, place, signature, refused)
        if refused.reason == RefusedCallback.Reason.ACCOUNT:
            return _no(refused)
    else:
        IngestSource.objects.filter(pk=source.pk).update(received=F("received") + 1, last_received_at=Now())
    # Taken in or not: the provider has a call to go on with, and sending it again would not help.
    return answers.answer(source, delivered, place)


def _no(refused: Refused) -> HttpResponse:
    """Which of the reasons is for the company to see, not for whoever sent it."""
    status = 413 if refused.reason == RefusedCallback.Reason.TOO_LARGE else 403
    return HttpResponse("Refused.\n", status=status, content_type="text/plain")
