"""https://developers.webflow.com/data/reference/webhooks/events/form-submission, and the shape of its API v1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .answers import Answers, as_text, parse_time


def read(data: Mapping[str, Any]) -> Answers | None:
    form = data.get("payload") if data.get("triggerType") == "form_submission" else data
    if not isinstance(form, Mapping) or not isinstance(form.get("data"), Mapping):
        return None
    if form is data and not ("site" in data and "_id" in data):
        return None
    answers = Answers("webflow", form_name=as_text(form.get("name")), form_url=as_text(form.get("pageUrl")))
    for label, value in form["data"].items():
        answers.add(label, value)
    answers.id = as_text(form.get("id") or form.get("_id"))
    answers.submitted_at = parse_time(form.get("submittedAt") or form.get("d"))
    return answers
