"""Elementor's webhook with advanced data: `fields` with a title and a value each, as JSON or as names in brackets
(`fields[email][value]`). Without advanced data its fields are flat, label and text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .answers import Answers, as_mapping, as_text

_BRACKETS = re.compile(r"(form|fields|meta)\[([^\]]*)\](?:\[([^\]]*)\])?")


def read(data: Mapping[str, Any]) -> Answers | None:
    form, fields, meta = _parts(data)
    if not form or not fields or not all(isinstance(each, Mapping) and "value" in each for each in fields.values()):
        return None
    answers = Answers("elementor", form_name=as_text(form.get("name")))
    for name, each in fields.items():
        answers.add(as_text(each.get("title")) or name, each["value"])
    page = meta.get("page_url")
    answers.form_url = as_text(page.get("value") if isinstance(page, Mapping) else page)
    return answers


def _parts(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    parts: dict[str, dict[str, Any]] = {"form": {}, "fields": {}, "meta": {}}
    for name, value in data.items():
        if not (found := _BRACKETS.fullmatch(str(name))):
            continue
        part, key, inner = found.groups()
        if inner is None:
            parts[part][key] = value
        elif isinstance(parts[part].setdefault(key, {}), dict):
            parts[part][key][inner] = value
    if parts["fields"]:
        return parts["form"], parts["fields"], parts["meta"]
    return as_mapping(data.get("form")), as_mapping(data.get("fields")), as_mapping(data.get("meta"))
