"""https://www.typeform.com/developers/webhooks/example-payload/: the answers name their questions by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .answers import Answers, as_mapping, as_mappings, as_text, parse_time


def read(data: Mapping[str, Any]) -> Answers | None:
    response = data.get("form_response")
    if not isinstance(response, Mapping):
        return None
    definition = as_mapping(response.get("definition"))
    titles = dict(_titles(definition))
    answers = Answers("typeform", form_name=as_text(definition.get("title")), id=as_text(response.get("token")))
    for answer in as_mappings(response.get("answers")):
        question = as_mapping(answer.get("field"))
        known = as_text(question.get("id"))
        label = titles.get(known) or as_text(question.get("title")) or as_text(question.get("ref")) or known
        answers.add(label, _value(answer))
    for name, value in as_mapping(response.get("hidden")).items():
        answers.add(name, value)
    if (score := as_mapping(response.get("calculated")).get("score")) is not None:
        answers.add("score", score)
    answers.submitted_at = parse_time(response.get("submitted_at"))
    return answers


def _titles(of: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for question in as_mappings(of.get("fields")):
        yield as_text(question.get("id")), as_text(question.get("title"))
        for inner in as_mappings(as_mapping(question.get("properties")).get("fields")):  # a group's questions
            yield as_text(inner.get("id")), as_text(inner.get("title"))


def _value(answer: Mapping[str, Any]) -> Any:
    value = answer.get(as_text(answer.get("type")))
    if not isinstance(value, Mapping):
        return value
    if "amount" in value:  # a payment: without its card
        return value["amount"]
    chosen = value.get("labels") if "labels" in value else value.get("label")
    chosen = chosen if isinstance(chosen, list) else [chosen]
    return [label for label in (*chosen, value.get("other")) if label] or list(value.values())
