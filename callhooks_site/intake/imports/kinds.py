"""What can be imported: calls, texts and forms. Each line is read as the API reads a request, by the same rules."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError as RefusedValue

from calls.api.fields import TagNames
from calls.api.serializers import CallSerializer
from calls.ingestion.batch import create_missing_calls
from forms_intake.api.serializers import FormSubmissionSerializer
from forms_intake.ingestion import record_form
from messaging.api.serializers import TextMessageSerializer
from messaging.ingestion import record_text
from subscriptions.api.kit.fields import PastDateTimeField, StrictBooleanField, StrictIntegerField
from subscriptions.api.kit.parsing import nested
from subscriptions.api.kit.serializers import StrictSerializer, shared_serializer
from subscriptions.lib.postgres_json import find_problems
from subscriptions.models import Company

NEW, KNOWN = "new", "known"
MADE_ID = "line-"  # with a digest: the external_id of a line that names none
Outcome = str | ValidationError  # NEW, KNOWN or what is wrong
BatchHandler = Callable[[Company, Sequence[dict[str, Any]], bool], list[Outcome]]

_YES, _NO = {"true", "yes", "y", "1", "on"}, {"false", "no", "n", "0", "off"}
_WITHOUT_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")


@dataclass(frozen=True)
class Kind:
    name: str
    serializer: type[StrictSerializer]
    bring_in: BatchHandler

    @property
    def columns(self) -> list[str]:
        return [name for name, field in shared_serializer(self.serializer).fields.items() if not field.read_only]

    @property
    def takes_others(self) -> bool:
        """Whether a column of another name is a field of the form."""
        return self.name == "forms"

    def values(self, said: Mapping[str, Any], *, zone: ZoneInfo, source: str, cells: bool) -> dict[str, Any]:
        """As `ingestion` takes them. Cells of a CSV file are texts, and become what the fields ask for. Raises the
        framework's ValidationError."""
        data = dict(said)
        if self.takes_others:
            data = self._as_form(data)
        fields = shared_serializer(self.serializer).fields
        for name, value in data.items():
            if isinstance(value, str) and name in fields:
                data[name] = _converted(fields[name], value, zone, cells=cells)
        for path, words in find_problems(data):  # of JSON in a cell, too
            raise RefusedValue(nested(path, words))
        if not data.get("external_id"):
            # The same line of the same file, or of another: the same thing.
            data["external_id"] = _digest(said)
            data["external_source"] = source
        elif not data.get("external_source"):
            data["external_source"] = source
        values = shared_serializer(self.serializer).accept(data)
        return _ended(values) if self.name == "calls" else values

    def _as_form(self, data: dict[str, Any]) -> dict[str, Any]:
        others = {name: data.pop(name) for name in list(data) if name not in self.columns}
        if "form_data" not in data:
            data["form_data"] = others
        elif others:
            given = _json(data["form_data"]) if isinstance(data["form_data"], str) else data["form_data"]
            data["form_data"] = {**others, **given} if isinstance(given, dict) else given
        return data


def _converted(field: Any, text: str, zone: ZoneInfo, *, cells: bool) -> Any:
    """What cannot be converted stays, and the field says what is wrong with it."""
    if isinstance(field, PastDateTimeField):
        return _with_offset(text.strip(), zone)
    if not cells:
        return text
    if isinstance(field, StrictIntegerField):
        return int(text) if re.fullmatch(r"\s*\d{1,12}\s*", text) else text
    if isinstance(field, StrictBooleanField):
        word = text.strip().lower()
        return True if word in _YES else False if word in _NO else text
    if isinstance(field, TagNames):
        return [name.strip() for name in text.split(";") if name.strip()]
    if isinstance(field, serializers.ListField):
        return text.split()
    return _json(text) if isinstance(field, serializers.JSONField) else text


def _ended(call: dict[str, Any]) -> dict[str, Any]:
    """A past call with a duration is over, though many systems write no end down."""
    if call.get("ended_at") is None and call.get("duration") is not None and call.get("start_time") is not None:
        call["ended_at"] = call["start_time"] + timedelta(seconds=call["duration"])
    return call


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _with_offset(text: str, zone: ZoneInfo) -> str:
    """A time without an offset is meant in the company's time zone."""
    if not _WITHOUT_OFFSET.fullmatch(text):
        return text
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except ValueError:
        return text


def _digest(said: Mapping[str, Any]) -> str:
    whole = json.dumps(said, sort_keys=True, ensure_ascii=True)
    return f"{MADE_ID}{sha256(whole.encode()).hexdigest()[:40]}"


def _calls(company: Company, items: Sequence[dict[str, Any]], publish: bool) -> list[Outcome]:
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
        Kind("calls", CallSerializer, _calls),
        Kind("texts", TextMessageSerializer, _one_by_one(record_text)),
        Kind("forms", FormSubmissionSerializer, _one_by_one(record_form)),
    )
}
