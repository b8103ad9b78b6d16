"""Bring texts in. Every source of texts goes through `record_text`. Data is by API name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from calls.ingestion.natural_keys import check_natural_key, create_once, natural_key
from calls.ingestion.values import find_tracker
from subscriptions.models import Company

from .models import TextMessage


def record_text(*, company: Company, data: Mapping[str, Any], publish: bool = True) -> tuple[TextMessage, bool]:
    """The text, and whether it is new. A text with the same external_source and external_id stays unchanged. Without
    `publish` it fires no event. Raises ValidationError."""
    check_natural_key(data)
    if not data.get("content") and not data.get("media_urls"):
        raise ValidationError({"content": "A text has content, media_urls or both."})
    key = natural_key(data)

    def build() -> TextMessage:
        values = dict(data)
        tracker = find_tracker(company, values.pop("tracking_phone_number"))
        text = TextMessage(company=company, tracker=tracker, **values)
        text.fires_no_event = not publish
        return text

    def find() -> TextMessage | None:
        known = TextMessage.objects.select_related("tracker", "thread__person")
        return known.filter(company=company, **key).first() if key else None

    return create_once(build, find=find, constraint="text_external_id_once")
