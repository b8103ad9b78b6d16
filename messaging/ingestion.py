"""Bringing texts in: the one door for every source of them. Values are by name, as the API has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from calls.ingestion import check_natural_key, natural_key, tracking_number, violates
from subscriptions.models import Company

from .models import TextMessage


def record_text(*, company: Company, data: Mapping[str, Any], publish: bool = True) -> tuple[TextMessage, bool]:
    """The text, and whether it is new. One that came before with the same external_source and external_id stays as it
    is. Without `publish` it fires nothing: it was told elsewhere. Raises ValidationError."""
    check_natural_key(data)
    if not data.get("content") and not data.get("media_urls"):
        raise ValidationError({"content": "A text has content, media_urls or both."})
    key = natural_key(data)
    with transaction.atomic():
        if key and (known := _known(company, key)):
            return known, False
        values = dict(data)
        tracker = tracking_number(company, values.pop("tracking_phone_number"))
        text = TextMessage(company=company, tracker=tracker, **values)
        text.told_elsewhere = not publish
        try:
            text.save(force_insert=True)
        except IntegrityError as error:
            twin = _known(company, key) if violates(error, "text_external_id_once") else None
            if twin is None:
                raise
            return twin, False
        return text, True


def _known(company: Company, key: dict[str, str]) -> TextMessage | None:
    return TextMessage.objects.select_related("tracker", "thread__person").filter(company=company, **key).first()
