"""Where web sites send their forms: `POST /f/<public key>`. No cookies are read or set."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from ..models import FormRefusal, FormSource
from ..origins import origin_of
from . import refusals
from .body import read_body
from .sent import ATTRIBUTION, Sent, Unreadable
from .taking_in import Refused, judge, judge_sender, take_in
from .throttle import wait_of

logger = logging.getLogger(__name__)

Reason = FormRefusal.Reason
STATUS = {
    Reason.INACTIVE: 403, Reason.SITE: 403, Reason.TOO_MANY: 429,
    Reason.FILE: 400, Reason.TOO_LARGE: 413, Reason.MALFORMED: 400,
}  # fmt: skip
LONGEST_ORIGIN = 300
PREFLIGHT_SECONDS = 7200  # no browser keeps it longer


@csrf_exempt
def submit(request: HttpRequest, key: str, address_of: Callable[[HttpRequest], str | None]) -> HttpResponse:
    """`address_of` tells the sender's address, as far as it may be believed."""
    source = None
    if "\x00" not in key:
        source = (
            FormSource.objects.select_related("company").defer("company__signing_key").filter(public_key=key).first()
        )
    origin = _origin(request)
    if source is None:
        # Readable by any page: whoever mistyped the key should see why.
        return _shared(_answer(request, 404, "No form source has this key. Copy it again."), request, allowed=True)
    if request.method == "OPTIONS":
        return _preflight(request, source, origin, address_of(request))
    if request.method != "POST":
        answer = _answer(request, 405, "Forms are sent here with POST.")
        answer.headers["Allow"] = "POST, OPTIONS"
        return answer
    return _shared(_receive(request, source, origin, address_of(request)), request, allowed=source.takes_from(origin))


def _receive(request: HttpRequest, source: FormSource, origin: str, address: str | None) -> HttpResponse:
    sent: Sent | None = None
    wait = wait_of(address)
    try:
        sent = _with_page(read_body(request), request)
        judge_sender(source, origin)
        if wait:
            raise Refused(Reason.TOO_MANY, "Too many forms came from this address within a minute.")
        judge(source, origin, sent)
    except (Refused, Unreadable) as error:
        refused = error if isinstance(error, Refused) else Refused(error.reason, str(error))
        refusals.keep(source, refused, origin=origin, address=address, sent=sent)
        if refused.reason == Reason.TRAP:
            return _received(request, source, sent)  # a robot that knew would try again without
        answer = _answer(request, STATUS[Reason(refused.reason)], str(refused))
        if refused.reason == Reason.TOO_MANY:
            answer.headers["Retry-After"] = str(wait)
        return answer
    take_in(source, sent)
    return _received(request, source, sent)


def _received(request: HttpRequest, source: FormSource, sent: Sent | None) -> HttpResponse:
    wanted = sent.redirect_to if sent else ""
    page = source.page_after(wanted)
    if wanted and not page:
        logger.warning("Form source %s: %r is not among its pages; the visitor stayed here", source.pk, wanted[:200])
    if page and _is_for_people(request):
        return HttpResponse(status=303, headers={"Location": page})
    return _answer(request, 200, "")


def _answer(request: HttpRequest, status: int, error: str) -> HttpResponse:
    if _is_for_people(request):
        return render(request, "forms_intake/answer.html", {"error": error}, status=status)
    return JsonResponse({"received": False, "error": error} if error else {"received": True}, status=status)


def _is_for_people(request: HttpRequest) -> bool:
    """A browser that shows the answer asks for HTML; scripts ask for anything, or for JSON."""
    return "text/html" in request.headers.get("Accept", "")


def _origin(request: HttpRequest) -> str:
    """As the browser names it; of old ones that do not, the origin of the page. Empty: not said."""
    if origin := request.headers.get("Origin", ""):
        return origin[:LONGEST_ORIGIN].replace("\x00", "")
    try:
        return origin_of(request.headers.get("Referer", ""))[:LONGEST_ORIGIN]
    except ValueError:
        return ""


def _with_page(sent: Sent, request: HttpRequest) -> Sent:
    """A form that does not say on which page it stands: the browser says it, or at least the site."""
    referer = request.headers.get("Referer", "")
    if "form_url" in sent.attribution or not referer.startswith(("https://", "http://")):
        return sent
    page = referer.replace("\x00", "")[: ATTRIBUTION["form_url"]]
    return replace(sent, attribution={**sent.attribution, "form_url": page})


def _preflight(request: HttpRequest, source: FormSource, origin: str, address: str | None) -> HttpResponse:
    answer = HttpResponse(status=204)
    try:
        judge_sender(source, origin)
    except Refused as refused:
        if refused.reason == Reason.SITE:
            # The form itself will never come: this is all that there will be to see of it.
            asked = Refused(refused.reason, f"{refused} Its browser asked, and was told no.")
            refusals.keep(source, asked, origin=origin, address=address, sent=None)
            answer = HttpResponse(status=403)
    answer.headers["Access-Control-Allow-Methods"] = "POST"
    answer.headers["Access-Control-Allow-Headers"] = "content-type, accept"
    answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return _shared(answer, request, allowed=answer.status_code == 204)


def _shared(answer: HttpResponse, request: HttpRequest, *, allowed: bool) -> HttpResponse:
    """Readable for the page that sent it, if it may; never with the visitor's cookies."""
    answer.headers["Vary"] = "Origin, Accept"
    origin = request.headers.get("Origin", "")
    if allowed and origin and origin.isascii() and origin.isprintable():
        answer.headers["Access-Control-Allow-Origin"] = origin
    return answer
