"""Jotform: its webhook has the answers as JSON text in `rawRequest`, under names such as `q3_name`; its API has them
under `answers`, each with its question as `text`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .answers import Answers, as_mapping, as_text, parse_time

_QUESTION = re.compile(r"q\d+_(.+)")


def read(data: Mapping[str, Any]) -> Answers | None:
    if "rawRequest" in data and ("submissionID" in data or "formID" in data):
        return _webhook(data)
    answered = data.get("answers")
    if isinstance(answered, Mapping) and "form_id" in data:
        return _submission(data, answered)
    return None


def _webhook(data: Mapping[str, Any]) -> Answers | None:
    raw = data["rawRequest"]
    try:
        raw = json.loads(raw) if isinstance(raw, str) else raw
    except (ValueError, RecursionError):
        return None
    answers = Answers("jotform", form_name=as_text(data.get("formTitle")), id=as_text(data.get("submissionID")))
    for name, value in as_mapping(raw).items():
        if found := _QUESTION.fullmatch(name):  # the others are about the page
            answers.add(found[1], _value(value))
    return answers


def _submission(data: Mapping[str, Any], answered: Mapping[str, Any]) -> Answers:
    answers = Answers("jotform", id=as_text(data.get("id")))
    for question in map(as_mapping, answered.values()):
        if "answer" in question:  # headings and buttons have none
            label = as_text(question.get("text")) or as_text(question.get("name"))
            answers.add(label, _value(question["answer"]))
    answers.submitted_at = parse_time(data.get("created_at"))
    return answers


def _value(value: Any) -> Any:
    """A name, a phone number, a date and an address have parts."""
    if not isinstance(value, Mapping):
        return value
    if value.get("full"):
        return value["full"]
    if {"year", "month", "day"} <= {*value}:
        time = ":".join(as_text(value[part]) for part in ("hour", "min") if value.get(part))
        date = "-".join(as_text(value[part]) for part in ("year", "month", "day"))
        return f"{date} {time} {as_text(value.get('ampm'))}".strip()
    parts = [as_text(part) for part in value.values() if part not in (None, "") and not isinstance(part, dict | list)]
    return (" " if {"first", "last", "area", "phone"} & {*value} else ", ").join(parts)
