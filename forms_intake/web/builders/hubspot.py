"""HubSpot: a submission as its forms API writes it (`fields` or `values`, each with a name and a value), and the
contact that a workflow's webhook sends (`properties`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .answers import Answers, as_mapping, as_mappings, as_text, parse_time


def read(data: Mapping[str, Any]) -> Answers | None:
    return _submission(data) or _contact(data)


def _submission(data: Mapping[str, Any]) -> Answers | None:
    rows = as_mappings(data.get("fields")) or as_mappings(data.get("values"))
    if not rows or not all("name" in row and "value" in row for row in rows):
        return None
    context = as_mapping(data.get("context"))
    if not (context or "submittedAt" in data or "pageUrl" in data or any("objectTypeId" in row for row in rows)):
        return None
    answers = Answers("hubspot", id=as_text(data.get("conversionId") or data.get("submissionGuid")))
    values: dict[str, Any] = {}
    for row in rows:  # each ticked box is a row of its own
        name = as_text(row["name"])
        values[name] = [*_list(values[name]), *_list(row["value"])] if name in values else row["value"]
    for name, value in values.items():
        answers.add(name, value)
    answers.form_url = as_text(data.get("pageUrl") or context.get("pageUri"))
    answers.form_name = as_text(data.get("formName"))
    answers.submitted_at = parse_time(data.get("submittedAt"))
    return answers


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _contact(data: Mapping[str, Any]) -> Answers | None:
    properties = data.get("properties")
    if not isinstance(properties, Mapping) or not ({"vid", "objectId", "id", "canonical-vid"} & {*data}):
        return None
    answers = Answers("hubspot")
    for name, value in properties.items():
        text = value.get("value") if isinstance(value, Mapping) else value
        if text not in (None, "") and not name.startswith("hs_"):  # HubSpot's own book-keeping
            answers.add(name, text)
    forms = as_mappings(data.get("form-submissions"))
    if forms:
        newest = max(forms, key=lambda form: as_text(form.get("timestamp")))
        answers.id, answers.form_name = as_text(newest.get("conversion-id")), as_text(newest.get("title"))
        answers.form_url = as_text(newest.get("page-url"))
        answers.submitted_at = parse_time(newest.get("timestamp"))
    return answers
