"""The links in webhooks. The recording's link contains a key, so it needs no login; the timeline is an admin page and
needs one."""

from __future__ import annotations

import zoneinfo
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from subscriptions.delivery.remote_files import stream_file

from . import recordings
from .models import Call
from .payloads import values


def _call_with_recording(request: HttpRequest, resource_id: str) -> Call:
    call = Call.objects.select_related("company", "tracker").filter(resource_id=resource_id).first()
    key = request.GET.get("access_key", "")
    # The same answer for "no such call", "no recording" and "wrong key": guessing reveals nothing.
    if (
        call is None
        or not constant_time_compare(key, call.recording_access_key)
        or urlsplit(call.recording_url).scheme not in ("http", "https")
    ):
        raise Http404("There is no recording at this address.")
    return call


@require_safe
def recording_redirect(request: HttpRequest, resource_id: str) -> HttpResponseBase:
    """To the recording; one that its provider guards with a login comes from here."""
    call = _call_with_recording(request, resource_id)
    login = recordings.find_login(call)
    if login is None:
        return HttpResponseRedirect(call.recording_url)
    return stream_file(request, call.recording_url, call.company_id, login)


@require_safe
def recording_player(request: HttpRequest, resource_id: str) -> HttpResponse:
    call = _call_with_recording(request, resource_id)
    url = values.recording_page(call, "recording-redirect")
    with timezone.override(zoneinfo.ZoneInfo(call.company.time_zone)):
        answer = render(request, "calls/recording.html", {"call": call, "url": url})
    # The recording is here or wherever the phone system keeps it. This page's address has the key in it: no referrer.
    answer.csp = {"media-src": "'self' https: http:"}  # type: ignore[attr-defined]  # see callhooks_site/security/headers.py
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@require_safe
def timeline(request: HttpRequest, resource_id: str) -> HttpResponse:
    """Redirect to the call's admin page, which asks for a login before it shows whether the call exists."""
    return HttpResponseRedirect(reverse("admin:calls_call_timeline", args=[resource_id]))
