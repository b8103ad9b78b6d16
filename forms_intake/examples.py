"""An example form for the form event, never saved."""

from __future__ import annotations

from typing import Any, cast

from django.utils import timezone

from calls.models import Person
from subscriptions.models import Company

from .models import FormSubmission


def build_submitted_form(company: Company) -> FormSubmission:
    form: Any = FormSubmission(
        pk=1,
        company=company,
        person=Person(company=company, email="ann@example.com"),
        form_data={"name": "Ann Example", "email": "ann@example.com", "message": "What does a roof cost?"},
        form_url="https://www.example.com/contact",
        landing_page_url="https://www.example.com/?utm_source=newsletter",
        source="newsletter",
        utm_source="newsletter",
        submitted_at=timezone.now(),
    )
    form.has_earlier = False
    form.created_at = form.submitted_at
    return cast(FormSubmission, form)
