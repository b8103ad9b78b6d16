"""Bring forms in. Every source of forms goes through `record_form`. Data is by API name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from calls.ingestion.natural_keys import check_natural_key, create_once, natural_key
from calls.models import Person
from calls.selectors import SAME_MOMENT
from subscriptions.models import Company, new_rows

from . import events
from .mapping import Contact, FieldMapping
from .models import FormSubmission

_PERSON_ID = "(SELECT id FROM person)"
_FOUND = f"""
jsonb_build_object('person', (SELECT to_jsonb(person) FROM person), 'has_earlier', {events.HAS_EARLIER})
"""


def record_form(
    *, company: Company, data: Mapping[str, Any], publish: bool = True, mapping: FieldMapping | None = None
) -> tuple[FormSubmission, bool]:
    """The form, and whether it is new. A form with the same external_source and external_id stays unchanged. Without
    `publish` it fires no event; `mapping` says which fields are the person's. Raises ValidationError."""
    check_natural_key(data)
    key = natural_key(data)

    def create() -> FormSubmission:
        form = new_rows.build_new(FormSubmission, company=company, **data)
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
    contact = form.find_contact()
    inserted: Any = form
    if bool(contact.phone) is not bool(contact.email):
        inserted.has_earlier = _insert_with_person(form, contact)
    else:
        form.assign_person(contact)
        inserted.has_earlier = new_rows.insert_row(form, events.HAS_EARLIER, [SAME_MOMENT, SAME_MOMENT])
    if publish:
        events.publish_new(form)


def _insert_with_person(form: FormSubmission, contact: Contact) -> bool:
    """One statement finds or inserts the person and inserts the form. Returns whether the person has an earlier form.

    The statement sees other rows as they were before it waited for the person's lock. So what it finds is there, but
    where it finds nothing it is asked again, unless it inserted the person."""
    find, values = Person.objects.find_or_insert(form.company_id, phone=contact.phone, email=contact.email)
    found = new_rows.insert_row(
        form,
        _FOUND,
        [SAME_MOMENT, SAME_MOMENT],
        before=new_rows.Before(f"person AS ({find}, xmax = 0 AS is_new)", values, "person_id", _PERSON_ID),
    )
    told = json.loads(found) if isinstance(found, str) else found
    person = Person.from_json(told["person"])
    Person.objects.lock_main(person)
    form.set_person(person, contact)
    is_new: bool = told["person"]["is_new"]
    has_earlier: bool = told["has_earlier"]
    return has_earlier or (not is_new and events.has_earlier_now(form))
