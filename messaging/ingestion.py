"""Bring texts in. Every source of texts goes through `record_text`. Data is by API name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Subquery

from calls.ingestion.natural_keys import check_natural_key, create_once, natural_key
from calls.ingestion.values import find_tracker
from subscriptions.models import Company

from . import events
from .models import TextMessage, Thread


def record_text(*, company: Company, data: Mapping[str, Any], publish: bool = True) -> tuple[TextMessage, bool]:
    """The text, and whether it is new. A text with the same external_source and external_id stays unchanged. Without
    `publish` it fires no event. Raises ValidationError."""
    check_natural_key(data)
    if not data.get("content") and not data.get("media_urls"):
        raise ValidationError({"content": "A text has content, media_urls or both."})
    key = natural_key(data)

    def create() -> TextMessage:
        values = {name: value for name, value in data.items() if name != "opt_out_type"}
        tracker = find_tracker(company, values.pop("tracking_phone_number"))
        text = TextMessage(company=company, tracker=tracker, **values)
        text.fires_no_event = True
        text.opt_out_type = data.get("opt_out_type", "")
        text.sent_at_is_ours = text.sent_at_is_ours or not data.get("sent_at")
        text.save(force_insert=True)
        if publish:
            events.publish_new(text)
        return text

    def find() -> TextMessage | None:
        if not key:
            return None
        known = TextMessage.objects.select_related("tracker", "thread__person__merged_into")
        return known.filter(company=company, **key).first()

    text, is_new = create_once(create, find=find, constraint="text_external_id_once")
    if not is_new:
        _replace_our_time(text, data)
    return text, is_new


def _replace_our_time(text: TextMessage, data: Mapping[str, Any]) -> None:
    """A time that nobody had reported gives way to one that is."""
    if not text.sent_at_is_ours or not data.get("sent_at") or data.get("sent_at_is_ours"):
        return
    text.sent_at, text.sent_at_is_ours = data["sent_at"], False
    with transaction.atomic():
        TextMessage.objects.filter(pk=text.pk).update(sent_at=text.sent_at, sent_at_is_ours=False)
        newest = TextMessage.objects.filter(thread=text.thread_id).order_by("-sent_at", "-pk").values("sent_at")[:1]
        Thread.objects.filter(pk=text.thread_id).update(last_message_at=Subquery(newest))
