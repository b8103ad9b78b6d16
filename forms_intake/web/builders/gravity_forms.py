"""https://docs.gravityforms.com/entry-object/: an entry has its answers under the numbers of fields, `1.3` for a part
of one. Only with the form beside it (`form` and `entry`) are the labels known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .answers import Answers, as_mapping, as_mappings, as_text, parse_time

_NUMBER = re.compile(r"\d+(\.\d+)?")


def read(data: Mapping[str, Any]) -> Answers | None:
    entry = data.get("entry", data)
    if not isinstance(entry, Mapping) or not {"id", "form_id"} <= {*entry}:
        return None
    numbers = [name for name in entry if _NUMBER.fullmatch(str(name))]
    if not numbers:
        return None
    form = as_mapping(data.get("form"))
    labels = _labels(form)
    answers = Answers("gravity forms", form_name=as_text(form.get("title")), form_url=as_text(entry.get("source_url")))
    for number in numbers:
        if entry[number] not in (None, "", []):  # an entry has all parts of all fields
            answers.add(labels.get(number) or number, entry[number])
    answers.id = f"{as_text(entry['form_id'])}-{as_text(entry['id'])}"
    answers.submitted_at = parse_time(entry.get("date_created"))
    return answers


def _labels(form: Mapping[str, Any]) -> dict[str, str]:
    labels = {}
    for question in as_mappings(form.get("fields")):
        label = as_text(question.get("label"))
        labels[as_text(question.get("id"))] = label
        for part in as_mappings(question.get("inputs")):
            labels[as_text(part.get("id"))] = f"{label} {as_text(part.get('label'))}".strip()
    return labels
