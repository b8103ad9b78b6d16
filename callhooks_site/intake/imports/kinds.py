"""What can be imported: calls, texts and forms. A line is checked by the same rules as an API request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import ValidationError as RefusedValue

from calls.api.serializers import CallSerializer
from calls.ingestion.batch import create_missing_calls
from forms_intake.api.serializers import FormSubmissionSerializer
from forms_intake.ingestion import record_form
from messaging.api.serializers import TextMessageSerializer
from messaging.ingestion import record_text
from subscriptions.api.kit.parsing import nested
from subscriptions.api.kit.serializers import StrictSerializer, shared_serializer
from subscriptions.lib.postgres_json import find_problems
from subscriptions.models import Company

from .call_results import WrongCell
from .call_rows import RowOptions, resolve_call, resolve_text
from .conversion import convert_text, is_free_text, parse_json
from .words import is_blank

NEW, KNOWN = "new", "known"
GENERATED_ID = "line-"  # with a digest: the external_id of a line that has none
Outcome = str | ValidationError  # NEW, KNOWN or what is wrong
BatchHandler = Callable[[Company, Sequence[dict[str, Any]], bool], list[Outcome]]


@dataclass(frozen=True)
class Kind:
    name: str
    serializer: type[StrictSerializer]
    bring_in: BatchHandler

    @property
    def columns(self) -> list[str]:
        return [name for name, field in shared_serializer(self.serializer).fields.items() if not field.read_only]

    @property
    def required(self) -> list[str]:
        """The fields that every row needs."""
        if self.accepts_other_columns:
            return []
        return [name for name, field in shared_serializer(self.serializer).fields.items() if field.required]

    @property
    def accepts_other_columns(self) -> bool:
        """Whether a column with another name is a field of the form."""
        return self.name == "forms"

    def build_values(
        self, line: Mapping[str, Any], *, company: Company, source: str, cells: bool, options: RowOptions
    ) -> dict[str, Any]:
        """The values for ingestion. `source` is the external_source of a line that names none; `cells`: the values are
        cells of a table. Raises the framework's ValidationError, and LeftOut for a row that is nothing of its own."""
        data = self._resolve(line, cells, options)
        if self.accepts_other_columns:
            data = self._collect_form_data(data)
        data = self._convert(data, cells, options)
        for path, words in find_problems(data):  # JSON in a cell may have some too
            raise RefusedValue(nested(path, words))
        if not data.get("external_id"):
            # The same line of any file is the same thing.
            data["external_id"] = _generate_id({**options.constants, **line})
            data["external_source"] = source
        elif not data.get("external_source"):
            data["external_source"] = source
        values = shared_serializer(self.serializer).accept(data, company=company)
        return _add_end(values) if self.name == "calls" else values

    def _resolve(self, line: Mapping[str, Any], cells: bool, options: RowOptions) -> dict[str, Any]:
        resolve = {"calls": resolve_call, "texts": resolve_text}.get(self.name)
        if not cells or resolve is None:
            return {**options.constants, **line}
        try:
            return resolve(line, options)
        except WrongCell as error:
            raise RefusedValue({error.name: [str(error)]}) from None
        except ValueError as error:  # a date that cannot be read where it is needed
            raise RefusedValue([str(error)]) from None

    def _convert(self, data: Mapping[str, Any], cells: bool, options: RowOptions) -> dict[str, Any]:
        fields = shared_serializer(self.serializer).fields
        converted: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for name, value in data.items():
            field = fields.get(name)
            if field is None or not isinstance(value, str):
                converted[name] = value
            elif cells and is_blank(value) and not is_free_text(field):
                continue
            else:
                try:
                    converted[name] = convert_text(field, value, options.zone, cells=cells, dates=options.dates)
                except ValueError as error:
                    errors[name] = [str(error)]
        if errors:
            raise RefusedValue(errors)
        return converted

    def _collect_form_data(self, data: dict[str, Any]) -> dict[str, Any]:
        others = {name: data.pop(name) for name in list(data) if name not in self.columns}
        if "form_data" not in data:
            data["form_data"] = others
        elif others:
            given = parse_json(data["form_data"]) if isinstance(data["form_data"], str) else data["form_data"]
            data["form_data"] = {**others, **given} if isinstance(given, dict) else given
        return data


def _add_end(call: dict[str, Any]) -> dict[str, Any]:
    """A past call with a duration has ended, though many systems do not store when."""
    if call.get("ended_at") is None and call.get("duration") is not None and call.get("start_time") is not None:
        call["ended_at"] = call["start_time"] + timedelta(seconds=call["duration"])
    return call


def _generate_id(line: Mapping[str, Any]) -> str:
    whole = json.dumps(line, sort_keys=True, ensure_ascii=True)
    return f"{GENERATED_ID}{sha256(whole.encode()).hexdigest()[:40]}"


def _bring_in_calls(company: Company, items: Sequence[dict[str, Any]], publish: bool) -> list[Outcome]:
    results = create_missing_calls(company=company, items=items, publish=publish)
    return [result.error or (NEW if result.new else KNOWN) for result in results]


def _one_by_one(record: Callable[..., tuple[Any, bool]]) -> BatchHandler:
    def bring_in(company: Company, items: Sequence[dict[str, Any]], publish: bool) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for values in items:
            try:
                outcomes.append(NEW if record(company=company, data=values, publish=publish)[1] else KNOWN)
            except ValidationError as error:
                outcomes.append(error)
        return outcomes

    return bring_in


KINDS = {
    kind.name: kind
    for kind in (
        Kind("calls", CallSerializer, _bring_in_calls),
        Kind("texts", TextMessageSerializer, _one_by_one(record_text)),
        Kind("forms", FormSubmissionSerializer, _one_by_one(record_form)),
    )
}
