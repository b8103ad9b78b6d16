"""Forms in the timeline of a person."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from calls.admin.contacts import Contact, Kind, register

from ..models import FormSubmission
from .submissions import NAMES

MOST_FIELDS = 6
_NAMED = ", ".join(f"'{name}'" for name in sorted(NAMES))
_NAME = (
    "(SELECT typed.value FROM jsonb_each_text(CASE jsonb_typeof(c.form_data) WHEN 'object' THEN c.form_data END) "
    f"AS typed WHERE lower(typed.key) IN ({_NAMED}) AND typed.value <> '' LIMIT 1)"
)
LONGEST = 200  # of an answer


def draw(keys: Sequence[int]) -> dict[int, Contact]:
    return {form.pk: _contact(form) for form in FormSubmission.objects.filter(pk__in=keys)}


def _contact(form: FormSubmission) -> Contact:
    answers = [(name, _short(str(text))) for name, text in form.form_data.items() if text]
    address = form.form_url.partition("?")[0].removeprefix("https://").removeprefix("http://")
    return Contact(
        icon="clipboard-list",
        title="Form filled in",
        url=reverse("admin:forms_intake_formsubmission_change", args=[form.pk]),
        text=" · ".join(filter(None, (address, form.source))),
        fields=tuple(answers[:MOST_FIELDS]),
        more_fields=max(0, len(answers) - MOST_FIELDS),
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


register(
    Kind(
        name="form",
        plural="Forms",
        model=FormSubmission,
        time="submitted_at",
        owner="person_id",
        draw=draw,
        person_name=_NAME,
    )
)
