"""A form fires one event when it is created."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.signals import post_save

from calls.selectors import IS_THEIRS, ROWS_OF_PERSON, SAME_MOMENT, is_earlier, of_same_person
from subscriptions.database.prepared import prepared_cursor
from subscriptions.events.publishing import Publisher

from .models import FormSubmission

KIND = "form"
SUBMITTED = "form_submission"

# `has_earlier` of a form that is being inserted, for RETURNING. Values: SAME_MOMENT, twice.
HAS_EARLIER = f"""
EXISTS (
    SELECT FROM calls_person p
     CROSS JOIN LATERAL {ROWS_OF_PERSON}
     CROSS JOIN LATERAL (
        SELECT FROM forms_intake_formsubmission e
         WHERE {IS_THEIRS}
           AND {is_earlier("e", "forms_intake_formsubmission", at="submitted_at", moment="%s")}
         LIMIT 1) earlier
     WHERE p.id = forms_intake_formsubmission.person_id)
"""


_HAS_EARLIER_NOW = f"SELECT {HAS_EARLIER} FROM forms_intake_formsubmission WHERE id = %s"


def has_earlier_now(form: FormSubmission) -> bool:
    """`has_earlier` of a stored form."""
    with prepared_cursor() as cursor:
        cursor.execute(_HAS_EARLIER_NOW, [SAME_MOMENT, SAME_MOMENT, form.pk])
        return bool(cursor.fetchone()[0])


def has_earlier() -> Exists:
    """Whether the same person sent a form before. Forms of nearly the same time are ordered by arrival, like calls."""
    submitted = OuterRef("submitted_at")
    earlier = FormSubmission.objects.filter(of_same_person()).filter(
        Q(submitted_at__lt=submitted - Value(SAME_MOMENT))
        | Q(submitted_at__lte=submitted + Value(SAME_MOMENT), pk__lt=OuterRef("pk"))
    )
    return Exists(earlier)


def forms_for_webhooks() -> QuerySet[FormSubmission]:
    return FormSubmission.objects.select_related("company", "person__merged_into").annotate(has_earlier=has_earlier())


def read_one(resource_id: str) -> FormSubmission | None:
    return forms_for_webhooks().filter(resource_id=resource_id).first()


def publish_due(resource_ids: Sequence[str]) -> None:
    """Publish what is due for these forms, in the current transaction or one of its own."""
    with transaction.atomic():
        forms = list(forms_for_webhooks().filter(resource_id__in=resource_ids).order_by("pk"))
        if not forms:
            return
        with Publisher(KIND, forms) as publisher:
            for form in forms:
                publisher.publish(SUBMITTED, form)


def publish_new(form: FormSubmission) -> None:
    """`publish_due` for a form that this transaction has just inserted. The object must hold what the database holds,
    with its company, its person and `has_earlier`."""
    with Publisher(KIND, [form], new_at=form.created_at) as publisher:
        publisher.publish(SUBMITTED, form)


def connect() -> None:
    post_save.connect(form_saved, sender=FormSubmission, dispatch_uid="forms_intake.form_saved")


def form_saved(instance: FormSubmission, created: bool, raw: bool = False, **_: Any) -> None:
    if created and not raw:
        publish_due([instance.resource_id])
