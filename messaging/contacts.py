"""Texts in the timeline of a person."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from calls.admin.contacts import Contact, Kind, register
from calls.phones import formatted

from .models import TextMessage

LONGEST = 1_000  # of a text; one of many parts is longer


def draw(keys: Sequence[int]) -> dict[int, Contact]:
    rows = TextMessage.objects.filter(pk__in=keys).select_related("tracker")
    return {text.pk: _contact(text) for text in rows}


def _contact(text: TextMessage) -> Contact:
    inbound = text.direction == TextMessage.Direction.INBOUND
    number = formatted(text.customer_phone_number)
    pictures = len(text.media_urls) if isinstance(text.media_urls, list) else 0
    told = f"{pictures} picture{'' if pictures == 1 else 's'}" if pictures else ""
    content = text.content.strip()
    return Contact(
        icon="message-square-text" if inbound else "message-square-reply",
        title="Text received" if inbound else "Text sent",
        url=reverse("admin:messaging_textmessage_change", args=[text.pk]),
        text=" · ".join(filter(None, (number, text.tracker.name, told))),
        said=content if len(content) <= LONGEST else f"{content[: LONGEST - 1]}…",
        ours=not inbound,
    )


register(
    Kind(
        name="text",
        plural="Texts",
        model=TextMessage,
        time="sent_at",
        owner="thread_id",
        owners="SELECT t.id FROM messaging_thread t WHERE t.person_id = ANY(%(people)s::bigint[])",
        draw=draw,
    )
)
