"""What a page sent, read: the fields of the form, and where its visitor came from. No Django."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..contents import kept_fields

MOST_FIELDS = 200
LONGEST_NAME, LONGEST_VALUE = 200, 20_000

# Columns of a form and their lengths. What is longer is cut: an advertisement's endless address loses no customer.
ATTRIBUTION = {
    "form_url": 2048, "landing_page_url": 2048, "referrer": 2048, "referring_url": 2048,
    "source": 200, "medium": 200, "campaign": 500, "keywords": 500,
    "utm_source": 500, "utm_medium": 500, "utm_campaign": 500,
}  # fmt: skip
# Where nothing else is said, the address of the page says it.
FROM_UTM = {"source": "utm_source", "medium": "utm_medium", "campaign": "utm_campaign", "keywords": "utm_term"}
REDIRECT = "redirect_to"
ID = "submission_id"
_ID = re.compile(r"[A-Za-z0-9-]{16,64}")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


class Unreadable(Exception):
    """Words for whoever made the form. `reason` is one of FormRefusal.Reason."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason


@dataclass(frozen=True)
class Sent:
    """`fields` are as `contents.kept_fields` has them; `attribution` by the names of ATTRIBUTION, known ones only."""

    fields: dict[str, str] = field(default_factory=dict)
    attribution: dict[str, str] = field(default_factory=dict)
    redirect_to: str = ""
    submission_id: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def read_pairs(pairs: Iterable[tuple[str, list[str]]]) -> Sent:
    """A plain form: every name with all its values."""
    return read({name: values if len(values) != 1 else values[0] for name, values in pairs})


def read(said: Any) -> Sent:
    """A JSON object: the fields themselves, or the fields in `form_data` with the attribution beside it. Raises
    Unreadable."""
    if not isinstance(said, Mapping):
        raise Unreadable("malformed", 'The body must be an object of names and texts, such as {"name": "Ann"}.')
    inner = said.get("form_data")
    if isinstance(inner, Mapping):
        beside, fields = {name: value for name, value in said.items() if name != "form_data"}, dict(inner)
    else:
        beside, fields = dict(said), {}
    told = {name: _told(name, beside.pop(name)) for name in (*ATTRIBUTION, REDIRECT, ID) if name in beside}
    fields = beside | fields  # click ids and utm_term have no column, and are fields like others
    _check(fields)
    kept = {_clean(name): _clean(value) for name, value in kept_fields(fields).items()}
    attribution = _completed({name: value for name, value in told.items() if name in ATTRIBUTION and value}, kept)
    submission_id = told.get(ID, "")
    return Sent(
        fields=kept,
        attribution=attribution,
        redirect_to=told.get(REDIRECT, "")[:2048],
        submission_id=submission_id if _ID.fullmatch(submission_id) else "",
    )


def _told(name: str, value: Any) -> str:
    """Of two fields with this name the last that says something."""
    values = [each for each in (value if isinstance(value, list) else [value]) if each not in (None, "")]
    if any(isinstance(each, dict | list) for each in values):
        raise Unreadable("malformed", f"{name} must be a text.")
    return _clean(str(values[-1])).strip() if values else ""


def _check(fields: Mapping[Any, Any]) -> None:
    if not fields:
        raise Unreadable("malformed", "The form has no fields.")
    if len(fields) > MOST_FIELDS:
        raise Unreadable("too_large", f"A form has at most {MOST_FIELDS} fields.")
    for name, value in fields.items():
        values = value if isinstance(value, list) else [value]
        if len(str(name)) > LONGEST_NAME:
            raise Unreadable("too_large", f"A field's name has at most {LONGEST_NAME} characters.")
        if any(isinstance(each, dict | list) for each in values):
            raise Unreadable("malformed", f"{str(name)[:50]} must be a text, a number, true, false or a list of these.")
        if sum(len(str(each)) for each in values) > LONGEST_VALUE:
            raise Unreadable("too_large", f"{str(name)[:50]} is longer than {LONGEST_VALUE:,} characters.")


def _completed(told: dict[str, str], fields: Mapping[str, str]) -> dict[str, str]:
    # The nearer page last: what it says counts.
    queries = [_query(told[page]) for page in ("landing_page_url", "form_url") if page in told]
    utm = {name: value for query in queries for name, value in query.items() if name.startswith("utm_")}
    utm |= {name: value for name, value in fields.items() if name == "utm_term"}
    told = {name: utm[name] for name in ATTRIBUTION if name in utm} | told
    known = utm | told
    told = {name: known[utm_name] for name, utm_name in FROM_UTM.items() if known.get(utm_name)} | told
    return {name: value[: ATTRIBUTION[name]] for name, value in told.items() if value}


def _query(url: str) -> dict[str, str]:
    try:
        return {name: _clean(value) for name, value in parse_qsl(urlsplit(url).query, max_num_fields=100)}
    except ValueError:
        return {}


def _clean(text: str) -> str:
    """Without NUL and halves of characters, which PostgreSQL cannot store."""
    return _UNSTORABLE.sub("\ufffd", text)
