"""Bringing forms in: the one door for every source of them. Values are by name, as the API has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from calls.ingestion import check_natural_key, natural_key, violates
from subscriptions.models import Company

from .models import FormSubmission


def record_form(*, company: Company, data: Mapping[str, Any], publish: bool = True) -> tuple[FormSubmission, bool]:
    """The form, and whether it is new. One that came before with the same external_source and external_id stays as it
    is. Without `publish` it fires nothing: it was told elsewhere. Raises ValidationError."""
    check_natural_key(data)
    key = natural_key(data)
    with transaction.atomic():
        if key and (known := _known(company, key)):
            return known, False
        form = FormSubmission(company=company, **data)
        form.told_elsewhere = not publish
        try:
            form.save(force_insert=True)
        except IntegrityError as error:
            twin = _known(company, key) if violates(error, "form_external_id_once") else None
            if twin is None:
                raise
            return twin, False
        return form, True


def _known(company: Company, key: dict[str, str]) -> FormSubmission | None:
    return FormSubmission.objects.select_related("person").filter(company=company, **key).first()
