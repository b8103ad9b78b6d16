"""The endpoint for web sites' forms: `POST /f/<public key>`. It reads and sets no cookies."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from subscriptions.intake.errors import Refused
from subscriptions.lib import log_context

from ..models import FormRefusal, FormSource
from ..origins import parse_origin
from . import refusals
from .acceptance import accept_form, check_form, check_sender
from .body import read_body
from .parsed_form import ParsedForm, Unreadable
from .throttle import seconds_to_wait
from .visits import ATTRIBUTION

logger = logging.getLogger(__name__)

Reason = FormRefusal.Reason
STATUS = {
    Reason.INACTIVE: 403, Reason.SITE: 403, Reason.TOO_MANY: 429,
    Reason.FILE: 400, Reason.TOO_LARGE: 413, Reason.MALFORMED: 400,
}  # fmt: skip
LONGEST_ORIGIN = 300
PREFLIGHT_SECONDS = 7200  # browsers cache it no longer than this


@csrf_exempt
def submit(request: HttpRequest, key: str, address_of: Callable[[HttpRequest], str | None]) -> HttpResponse:
    """`address_of` returns the sender's address, as far as it can be trusted."""
    source = None
    if "\x00" not in key:
        source = (
            FormSource.objects.select_related("company").defer("company__signing_key").filter(public_key=key).first()
        )
    origin = _origin(request)
    if source is None:
        # Readable by any page: somebody who mistyped the key should see why.
        return _allow_cors(
            _answer(request, 404, "No web form has this key. Copy the address again."), request, allowed=True
        )
    log_context.note_company(source.company.resource_id)
    if request.method == "OPTIONS":
        return _preflight(request, source, origin, address_of(request))
    if request.method != "POST":
        answer = _answer(request, 405, "Send forms with POST.")
        answer.headers["Allow"] = "POST, OPTIONS"
        return answer
    return _allow_cors(_receive(request, source, origin, address_of(request)), request, allowed=source.allows(origin))


def _receive(request: HttpRequest, source: FormSource, origin: str, address: str | None) -> HttpResponse:
    form: ParsedForm | None = None
    wait = seconds_to_wait(address)
    try:
        form = _add_page(read_body(request, throttled=bool(wait)), request)
        check_sender(source, origin)
        if wait:
            raise Refused(Reason.TOO_MANY, "This address sent too many forms within a minute.")
        check_form(source, origin, form)
    except Refused as refused:
        if isinstance(refused, Unreadable) and refused.form:
            form = _add_page(refused.form, request)
        refusals.keep(source, refused, origin=origin, address=address, form=form)
        if refused.reason == Reason.TRAP:
            return _answer_received(request, source, form)  # a bot that knew would try again without
        answer = _answer(request, STATUS[Reason(refused.reason)], refused.detail)
        if refused.reason == Reason.TOO_MANY:
            answer.headers["Retry-After"] = str(wait)
        return answer
    accept_form(source, form)
    source.count_received()
    return _answer_received(request, source, form)


def _answer_received(request: HttpRequest, source: FormSource, form: ParsedForm | None) -> HttpResponse:
    wanted = form.redirect_to if form else ""
    page = source.choose_page(wanted)
    if wanted and not page:
        logger.warning("Form source %s: %r is not one of its thank-you pages; showed our own", source.pk, wanted[:200])
    if page and _wants_html(request):
        return HttpResponse(status=303, headers={"Location": page})
    return _answer(request, 200, "")


def _answer(request: HttpRequest, status: int, error: str) -> HttpResponse:
    if _wants_html(request):
        return render(request, "forms_intake/answer.html", {"error": error}, status=status)
    return JsonResponse({"received": False, "error": error} if error else {"received": True}, status=status)


def _wants_html(request: HttpRequest) -> bool:
    """Browsers that show the answer ask for HTML; scripts ask for anything, or for JSON."""
    return "text/html" in request.headers.get("Accept", "")


def _origin(request: HttpRequest) -> str:
    """The Origin header, or the origin of the Referer from browsers that send no Origin. Empty if neither is there."""
    if origin := request.headers.get("Origin", ""):
        return origin[:LONGEST_ORIGIN].replace("\x00", "")
    try:
        return parse_origin(request.headers.get("Referer", ""))[:LONGEST_ORIGIN]
    except ValueError:
        return ""


def _add_page(form: ParsedForm, request: HttpRequest) -> ParsedForm:
    """Take the form's page from the Referer header if the form does not name it."""
    referer = request.headers.get("Referer", "")
    if "form_url" in form.attribution or not referer.startswith(("https://", "http://")):
        return form
    page = referer.replace("\x00", "")[: ATTRIBUTION["form_url"]]
    return replace(form, attribution={**form.attribution, "form_url": page})


def _preflight(request: HttpRequest, source: FormSource, origin: str, address: str | None) -> HttpResponse:
    answer = HttpResponse(status=204)
    try:
        check_sender(source, origin)
    except Refused as refused:
        if refused.reason == Reason.SITE:
            # The browser will not send the form after this, so this is the only trace of it.
            asked = Refused(refused.reason, f"{refused} The browser asked first and did not send the form.")
            refusals.keep(source, asked, origin=origin, address=address, form=None)
            answer = HttpResponse(status=403)
    answer.headers["Access-Control-Allow-Methods"] = "POST"
    answer.headers["Access-Control-Allow-Headers"] = "content-type, accept"
    answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return _allow_cors(answer, request, allowed=answer.status_code == 204)


def _allow_cors(answer: HttpResponse, request: HttpRequest, *, allowed: bool) -> HttpResponse:
    """Let the sending page read the answer if it is allowed to; never with the visitor's cookies."""
    answer.headers["Vary"] = "Origin, Accept"
    origin = request.headers.get("Origin", "")
    if allowed and origin and origin.isascii() and origin.isprintable():
        answer.headers["Access-Control-Allow-Origin"] = origin
    return answer
