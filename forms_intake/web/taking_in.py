"""The rules by which a web site's form comes in, and the way it does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from ..ingestion import record_form
from ..models import FormRefusal, FormSource, FormSubmission
from .sent import Sent

Reason = FormRefusal.Reason
EXTERNAL_SOURCE = "web form"


class Refused(Exception):
    """Words for the company's admin."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason


def judge_sender(source: FormSource, origin: str) -> None:
    """Raises Refused."""
    if not source.takes_from(origin):
        if origin in ("", "null"):
            raise Refused(
                Reason.SITE,
                "The browser did not say which site the page is of (a program, a file, or a page whose Referrer-Policy "
                "is no-referrer), and this source takes forms of the listed sites only.",
            )
        raise Refused(Reason.SITE, f"{origin[:200]} is not among the sites of this source.")
    if not source.active:
        raise Refused(Reason.INACTIVE, "The source is not active.")


def judge(source: FormSource, origin: str, sent: Sent, *, trap: bool = True) -> None:
    """Raises Refused."""
    judge_sender(source, origin)
    if trap and source.honeypot_field and sent.fields.get(source.honeypot_field):
        raise Refused(Reason.TRAP, f"The field {source.honeypot_field}, which people do not see, was filled in.")


def take_in(source: FormSource, sent: Sent, *, submitted_at: datetime | None = None) -> FormSubmission:
    """Through the door of all forms; one that came before with its submission_id stays as it is."""
    fields = {name: text for name, text in sent.fields.items() if name != source.honeypot_field or text}
    data: dict[str, Any] = {**sent.attribution, "form_data": fields}
    if submitted_at:
        data["submitted_at"] = submitted_at
    if sent.submission_id:
        # The source's id before it: two sites of a company cannot know each other's.
        data |= {"external_source": EXTERNAL_SOURCE, "external_id": f"{source.pk}-{sent.submission_id}"}
    form, _ = record_form(company=source.company, data=data)
    FormSource.objects.filter(pk=source.pk).update(received=F("received") + 1, last_received_at=Now())
    return form
