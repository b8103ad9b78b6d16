"""The rules for a web site's form, and the way an accepted one is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from subscriptions.intake.errors import Refused

from ..ingestion import record_form
from ..models import FormRefusal, FormSource, FormSubmission
from .parsed_form import ParsedForm

Reason = FormRefusal.Reason
EXTERNAL_SOURCE = "web form"
MOST_LATE = timedelta(days=7)  # HubSpot and others try for three days; a weekend, and somebody who fixes it


def check_sender(source: FormSource, origin: str) -> None:
    """Raises Refused."""
    if not source.allows(origin):
        if origin in ("", "null"):
            raise Refused(
                Reason.SITE,
                "The browser did not name the page's site (it was a program, a file, or a page with the "
                "Referrer-Policy no-referrer), and this source accepts forms only from the listed sites.",
            )
        raise Refused(Reason.SITE, f"{origin[:200]} is not among the sites of this source.")
    if not source.active:
        raise Refused(Reason.INACTIVE, "The source is not active.")


def check_form(source: FormSource, origin: str, form: ParsedForm, *, trap: bool = True) -> None:
    """Raises Refused. Without `trap` the trap field may be filled in."""
    check_sender(source, origin)
    if trap and source.honeypot_field and form.fields.get(source.honeypot_field):
        raise Refused(Reason.TRAP, f"The hidden field {source.honeypot_field} was filled in.")


def _time_of(form: ParsedForm) -> datetime | None:
    """When the builder says that it was submitted: it may try for days. Not long ago, and not tomorrow."""
    time = datetime.fromisoformat(form.submitted_at) if form.submitted_at else None
    now = timezone.now()
    return time if time and now - MOST_LATE <= time <= now else None


def accept_form(source: FormSource, form: ParsedForm, *, submitted_at: datetime | None = None) -> FormSubmission:
    """Store the form; one with the same submission_id stays unchanged. The caller counts it at the source."""
    fields = {name: text for name, text in form.fields.items() if name != source.honeypot_field or text}
    data: dict[str, Any] = {**form.attribution, "form_data": fields}
    if form.milestones:
        data["milestones"] = form.milestones
    if time := _time_of(form) or submitted_at:
        data["submitted_at"] = time
    if form.submission_id:
        # With the source's id: two sites of a company cannot know each other's ids.
        data |= {"external_source": EXTERNAL_SOURCE, "external_id": f"{source.pk}-{form.submission_id}"}
    mapping = replace(source.mapping, typed_email=form.email_field, typed_phone=form.phone_field)
    submission, _ = record_form(company=source.company, data=data, mapping=mapping)
    return submission
