"""The link to a text's media in webhooks. It contains a key, so it needs no login."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from subscriptions.delivery.remote_files import stream_file

from .media import opens
from .models import TextMessage


@require_safe
def media(request: HttpRequest, resource_id: str, number: str) -> HttpResponseBase:
    """The same answer for no such text, no such picture and a wrong key: guessing reveals nothing."""
    text = None
    if opens(resource_id, request.GET.get("access_key", "")):
        text = TextMessage.objects.filter(resource_id=resource_id).values_list("media_urls", "company").first()
    urls, company = text or ([], 0)
    if int(number) >= len(urls) or urlsplit(urls[int(number)]).scheme not in ("http", "https"):
        raise Http404("There is nothing at this address.")
    return stream_file(request, urls[int(number)], company)
