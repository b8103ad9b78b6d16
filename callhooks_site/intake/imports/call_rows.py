"""Turn what other systems say of a call into fields of the API: who called whom out of From and To, whether it was
answered out of a word, a start out of a date and a time of day. No Django.

Values are the texts of a row, by field or helper (`HELPERS`). What comes back has fields only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .amounts import read_whole_number
from .call_results import ABANDONED, ANSWERED, INBOUND, OUTBOUND, VOICEMAIL, LeftOut, WrongCell, read_result
from .moments import DateOrder, read_time
from .row_parties import find_parties
from .words import is_blank

# What may be chosen for a column beside the fields, in plain words.
HELPERS = {
    "from_number": "From: the number that called",
    "to_number": "To: the number that was called",
    "did_number": "Number of yours that was called, if it came from outside",
    "start_date": "Start: the date alone",
    "start_clock": "Start: the time of day alone",
    "row_zone": "Time zone of the row",
    "call_status": "Result: answered, missed, voicemail …",
    "ring_seconds": "How long it rang",
    "talk_seconds": "How long they talked",
    "good_lead": "Good lead: yes or no",
    "comma_tags": "Tags with commas between them",
    "record_type": "Kind of record: only calls are imported",
    "parent_call": "Call that this row is a leg of",
    "context": "Asterisk, 3CX: where it came from",
    "last_application": "Asterisk: last application",
}
TEXT_HELPERS = ("from_number", "to_number")
_CALLS = ("", "call", "phone call", "voice", "voice call", "phone", "inbound call", "outbound call")


@dataclass(frozen=True)
class RowOptions:
    """How the rows of a file are to be read."""

    zone: ZoneInfo
    dates: DateOrder
    constants: Mapping[str, str]
    is_tracking: Callable[[str], bool]


def resolve_call(row: Mapping[str, Any], options: RowOptions) -> dict[str, Any]:
    """Raises LeftOut if the row is no call of its own, and WrongCell."""
    values = {name: value for name, value in row.items() if name not in HELPERS}
    helpers = {name: str(row[name]).strip() for name in HELPERS if name in row and not is_blank(str(row[name]))}
    _leave_out(row, helpers)
    result = read_result(helpers["call_status"]) if "call_status" in helpers else None
    if result in (INBOUND, OUTBOUND) and "direction" not in values:
        values["direction"] = result
    values.update(find_parties(values, helpers, options.constants, options.is_tracking))
    for name, value in options.constants.items():
        values.setdefault(name, value)
    _add_start(values, helpers, options)
    _add_result(values, helpers, result, options)
    if "comma_tags" in helpers and "tags" not in values:
        values["tags"] = helpers["comma_tags"].replace(",", ";")
    if "good_lead" in helpers and "lead_status" not in values:
        word = helpers["good_lead"].lower()
        if word in ("yes", "no", "true", "false", "1", "0"):
            values["lead_status"] = "good_lead" if word in ("yes", "true", "1") else "not_a_lead"
    if str(values.get("lead_status", "")).strip().lower() in ("not scored", "unscored", "pending", "not set"):
        del values["lead_status"]
    if values.get("recording_url") and "recording_duration" not in values and "duration" in values:
        values["recording_duration"] = values["duration"]
    return values


def resolve_text(row: Mapping[str, Any], options: RowOptions) -> dict[str, Any]:
    """The same for a text, which has parties only."""
    values = {name: value for name, value in row.items() if name not in HELPERS}
    helpers = {name: str(row[name]).strip() for name in TEXT_HELPERS if name in row and not is_blank(str(row[name]))}
    found = find_parties(values, helpers, options.constants, options.is_tracking)
    found.pop("customer_name", None)
    return {**options.constants, **values, **found}


def _leave_out(row: Mapping[str, Any], helpers: Mapping[str, str]) -> None:
    if "parent_call" in helpers:
        raise LeftOut("a leg of another call")
    kind = helpers.get("record_type", "").lower()
    if kind not in _CALLS:
        raise LeftOut(f"no call but “{kind[:40]}”")
    direction = str(row.get("direction", "")).strip().lower()
    if direction.startswith("internal"):
        raise LeftOut("a call inside the company")
    if re.match(r"(msg|sms|text|form|chat|fax)\b|(msg|form|chat)_", direction):
        raise LeftOut(f"no call but “{direction[:40]}”")
    if re.match(
        r"(grand )?totals?\b", str(row.get("start_time", helpers.get("start_date", ""))).strip(), re.IGNORECASE
    ):
        raise LeftOut("a line of totals")


def _add_start(values: dict[str, Any], helpers: Mapping[str, str], options: RowOptions) -> None:
    if "start_time" not in values and "start_date" in helpers:
        # A spreadsheet's date has a midnight.
        date = re.sub(r"[ T]00:00(:00)?$", "", helpers["start_date"])
        values["start_time"] = f"{date} {helpers['start_clock']}" if "start_clock" in helpers else date
    if "row_zone" in helpers and "start_time" in values:
        try:
            zone = ZoneInfo(helpers["row_zone"])
        except (ValueError, OSError, LookupError):
            raise WrongCell("row_zone", "This is no time zone. Write it like America/Chicago.") from None
        moment = read_time(str(values["start_time"]).strip(), zone, options.dates)
        values["start_time"] = moment.isoformat() if moment else values["start_time"]


def _add_result(values: dict[str, Any], helpers: Mapping[str, str], result: str | None, options: RowOptions) -> None:
    ring, talk = _seconds("ring_seconds", helpers), _seconds("talk_seconds", helpers)
    start = _moment(values.get("start_time"), options)
    if start and talk is not None and "duration" not in values and "ended_at" not in values:
        values["ended_at"] = (start + timedelta(seconds=(ring or 0) + talk)).isoformat()
    if helpers.get("last_application", "").lower() in ("voicemail", "vm"):
        result = VOICEMAIL
    if result == ANSWERED and not values.get("answered_at") and start:
        if ring is None and talk and "duration" in values:
            length = read_whole_number(str(values["duration"]))
            ring = max(0, length - talk) if isinstance(length, int) else None
        values["answered_at"] = (start + timedelta(seconds=ring or 0)).isoformat()
    elif result in (VOICEMAIL, ABANDONED):
        values.pop("answered_at", None)
        values.setdefault(result, "yes")


def _seconds(name: str, helpers: Mapping[str, str]) -> int | None:
    if name not in helpers:
        return None
    seconds = read_whole_number(helpers[name])
    if isinstance(seconds, str):
        raise WrongCell(name, "This must be a length of time, such as 179 or 00:02:59.")
    return seconds


def _moment(text: Any, options: RowOptions) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        return read_time(text.strip(), options.zone, options.dates)
    except ValueError:
        return None  # the field start_time says what is wrong with it
