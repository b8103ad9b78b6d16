"""Parse what a page sent: the fields of the form, and where the visitor came from. No Django."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from itertools import islice
from typing import Any

from subscriptions.intake.errors import Refused

from ..contents import remove_secrets
from . import builders
from .builders.answers import Answers
from .flatten import flatten
from .touches import VISITS, read_touches, replace_unstorable
from .visits import ATTRIBUTION, complete_attribution

MOST_FIELDS = 200
LONGEST_NAME, LONGEST_VALUE = 200, 20_000
# What is kept of a form that is too large, for an admin to accept.
MOST_FIELDS_KEPT = 1_000

REDIRECT = "redirect_to"
ID = "submission_id"
TYPED = ("email_field", "phone_field")
_ID = re.compile(r"[A-Za-z0-9-]{16,64}")


class Unreadable(Refused):
    """The form cannot be taken as it is. The detail is for whoever built the form; `form` is what was understood of it,
    for an admin to accept."""

    def __init__(self, reason: str, detail: str, form: ParsedForm | None = None) -> None:
        super().__init__(reason, detail)
        self.form = form


@dataclass(frozen=True)
class ParsedForm:
    """`fields` went through `contents.remove_secrets`; `attribution` has names of ATTRIBUTION only."""

    fields: dict[str, str] = field(default_factory=dict)
    attribution: dict[str, str] = field(default_factory=dict)
    milestones: dict[str, dict[str, Any]] = field(default_factory=dict)
    redirect_to: str = ""
    submission_id: str = ""
    # What the page has for an address and a number, whatever they are called.
    email_field: str = ""
    phone_field: str = ""
    submitted_at: str = ""  # ISO, with an offset; empty: when it arrived
    too_large: str = ""  # what is too large about it, if something is

    def as_json(self) -> dict[str, Any]:
        """With the fields as pairs, since jsonb does not keep the order of an object's names."""
        return asdict(self) | {"fields": [list(pair) for pair in self.fields.items()]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> ParsedForm:
        """Of `as_json`; rows from before it wrote pairs have an object."""
        return cls(**{**kept, "fields": dict(kept["fields"])})


def parse_pairs(pairs: Iterable[tuple[str, list[str]]]) -> ParsedForm:
    """Parse an HTML form: each name with all its values. Raises Unreadable."""
    return parse_object({name: values if len(values) != 1 else values[0] for name, values in pairs})


def parse_object(data: Any) -> ParsedForm:
    """Parse a JSON object: the fields themselves; `form_data` with the attribution beside it; or what a form builder's
    webhook sends. What is nested becomes flat. The caller looks at `too_large`. Raises Refused."""
    if isinstance(data, list) and data and all(isinstance(item, Mapping) for item in data):
        data = data[0] if len(data) == 1 else {"fields": data}
    if not isinstance(data, Mapping):
        raise Unreadable(
            "malformed", 'The body must be a JSON object of field names and values, such as {"name": "Ann"}.'
        )
    inner = data.get("form_data")
    typed: dict[str, Any] = {}
    if isinstance(inner, Mapping):
        beside, fields = {name: value for name, value in data.items() if name != "form_data"}, flatten(inner)
        # These two the capture script says of the fields.
        typed = {name: _single_text(beside.pop(name, "")) for name in TYPED if isinstance(beside.get(name), str)}
    elif answers := builders.read(data):
        return _of_builder(answers)
    else:
        beside, fields = dict(data), {}
    beside = flatten(beside)
    named = {name: _single_text(beside.pop(name)) for name in (*ATTRIBUTION, VISITS, REDIRECT, ID) if name in beside}
    # Click ids and utm_term have no column: they stay ordinary fields.
    return replace(_parse(beside | fields, named), **typed)


def _of_builder(answers: Answers) -> ParsedForm:
    fields = flatten(answers.fields)
    # Hidden fields tell where the visitor came from.
    named = {name: _single_text(fields.pop(name)) for name in ATTRIBUTION if name.startswith("utm_") and name in fields}
    if answers.form_url:
        named["form_url"] = replace_unstorable(answers.form_url)
    if answers.form_name:
        fields.setdefault("form_name", answers.form_name)
    form = _parse(fields, named)
    if answers.id:
        # With what it says: nobody can keep a form out by sending another one with its number first.
        whole = json.dumps([answers.builder, answers.id, form.fields], sort_keys=True)
        form = replace(form, submission_id=sha256(whole.encode()).hexdigest())
    return replace(form, submitted_at=answers.submitted_at.isoformat() if answers.submitted_at else "")


def _parse(fields: dict[str, Any], named: dict[str, str]) -> ParsedForm:
    if not fields:
        raise Unreadable("malformed", "The form has no fields.")
    too_large = _find_too_large(fields)
    if too_large:
        fields = {name[:LONGEST_NAME]: value for name, value in islice(fields.items(), MOST_FIELDS_KEPT)}
    kept = {replace_unstorable(name): replace_unstorable(value) for name, value in remove_secrets(fields).items()}
    attribution = complete_attribution(
        {name: value for name, value in named.items() if name in ATTRIBUTION and value}, kept
    )
    submission_id = named.get(ID, "")
    return ParsedForm(
        fields=kept,
        attribution=attribution,
        milestones=read_touches(named.get(VISITS, "")),
        redirect_to=named.get(REDIRECT, "")[:2048],
        submission_id=submission_id if _ID.fullmatch(submission_id) else "",
        too_large=too_large,
    )


def _single_text(value: Any) -> str:
    """The last value that is not empty, if the name occurs more than once."""
    values = [each for each in (value if isinstance(value, list) else [value]) if each not in (None, "")]
    return replace_unstorable(str(values[-1])).strip() if values else ""


def _find_too_large(fields: Mapping[str, Any]) -> str:
    """Empty if nothing is."""
    if len(fields) > MOST_FIELDS:
        lost = len(fields) - MOST_FIELDS_KEPT
        return f"A form has at most {MOST_FIELDS} fields." + (f" The last {lost:,} were not kept." if lost > 0 else "")
    for name, value in fields.items():
        values = value if isinstance(value, list) else [value]
        if len(name) > LONGEST_NAME:
            return f"A field's name has at most {LONGEST_NAME} characters."
        if sum(len(str(each)) for each in values) > LONGEST_VALUE:
            return f"{name[:50]} is longer than {LONGEST_VALUE:,} characters."
    return ""
