"""Bring forms in. Every source of forms goes through `record_form`. Data is by API name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calls.ingestion.natural_keys import check_natural_key, create_once, natural_key
from calls.selectors import SAME_MOMENT
from subscriptions.models import Company, columns

from . import events
from .mapping import FieldMapping
from .models import FormSubmission


def record_form(
    *, company: Company, data: Mapping[str, Any], publish: bool = True, mapping: FieldMapping | None = None
) -> tuple[FormSubmission, bool]:
    """The form, and whether it is new. A form with the same external_source and external_id stays unchanged. Without
    `publish` it fires no event; `mapping` says which fields are the person's. Raises ValidationError."""
    check_natural_key(data)
    key = natural_key(data)

    def create() -> FormSubmission:
        form = FormSubmission(company=company, **data)
        form.mapping = mapping or form.mapping
        _insert(form, publish=publish)
        return form

    def find() -> FormSubmission | None:
        if not key:
            return None
        return FormSubmission.objects.select_related("person__merged_into").filter(company=company, **key).first()

    return create_once(create, find=find, constraint="form_external_id_once")


def _insert(form: FormSubmission, *, publish: bool) -> None:
    """What `FormSubmission.save` does for a new form. Nothing that was just written is read again, which would be half
    of the work."""
    form.clean()
    form.assign_person()
    inserted: Any = form
    inserted.has_earlier = columns.insert_row(form, events.HAS_EARLIER, [SAME_MOMENT, SAME_MOMENT])
    if publish:
        events.publish_new(form)
