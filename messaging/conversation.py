"""A conversation as on a phone: the newest texts, the last at the bottom."""

from __future__ import annotations

from urllib.parse import quote

from django.urls import reverse
from django.utils.html import format_html, format_html_join

from calls.phones import formatted
from subscriptions.admin.kit import times

from .models import TextMessage, Thread

SHOWN = 50


def render_conversation(thread: Thread) -> str:
    newest = list(TextMessage.objects.filter(thread=thread).order_by("-sent_at", "-pk")[: SHOWN + 1])
    bubbles = format_html_join("", '<li class="{}"><div class="bubble prose">{}</div>{}<small>{}</small></li>', (
        (text.direction, text.content, _pictures(text), _link(text)) for text in reversed(newest[:SHOWN])
    ))  # fmt: skip
    older = format_html('<p><a href="{}">All texts with this number</a></p>', _all(thread)) if newest[SHOWN:] else ""
    return format_html('{}<ol class="conversation">{}</ol>', older, bubbles) if newest else "None yet"


def _all(thread: Thread) -> str:
    return f"{reverse('admin:messaging_textmessage_changelist')}?q={quote(thread.customer_number)}"


def _link(text: TextMessage) -> str:
    who = formatted(text.customer_phone_number) if text.direction == TextMessage.Direction.INBOUND else "You"
    url = reverse("admin:messaging_textmessage_change", args=[text.pk])
    return format_html('{} · <a href="{}">{}</a>', who, url, times.time_tag(text.sent_at))


def _pictures(text: TextMessage) -> str:
    return format_html_join("", "<div>{}</div>", ((_picture(str(url)),) for url in text.media_urls))


def _picture(url: str) -> str:
    if not url.startswith(("https://", "http://")):  # typed in by hand: do not make it a link
        return url
    return format_html('<a href="{0}" rel="noreferrer">{0}</a>', url)
