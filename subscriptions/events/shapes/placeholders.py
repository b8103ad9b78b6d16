"""What a message's wording can name: `{{caller_name}}` and so on, out of the body of an event. Pure.

Beside the names here, each top-level key of the body is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Body = Mapping[str, Any]
LONGEST_JSON = 300
_AMERICAN = re.compile(r"\+1([2-9]\d{2})(\d{3})(\d{4})")
# Of calls, texts and forms: name → what it stands for.
CALL = {
    "caller": "The caller's name, or the number where there is none",
    "caller_name": "The caller's name",
    "caller_number": "The number to call back",
    "caller_location": "City and state",
    "outcome": "Missed call, Answered call, Voicemail and so on",
    "tracking_number": "Your number, that was called or called from",
    "business_number": "Where the call was sent to",
    "source": "Where the caller found you",
    "campaign": "The campaign",
    "duration": "How long it took",
    "time": "When it began",
}
TEXT = {
    "caller_number": "The customer's number",
    "tracking_number": "Your number",
    "time": "When it was sent",
}
FORM = {
    "form_fields": "Each field on a line of its own",
    "source": "Where the visitor found you",
    "time": "When it was sent",
}
ALL = {"event": "Post-Call, Form Submission and so on", "company": "Your company's name", "link": "Its page here"}


def named(event_type: str) -> dict[str, str]:
    """The names that an event's message can use, beside the keys of its body, each with what it stands for."""
    if event_type.startswith("text_message"):
        return {**TEXT, **ALL}
    return {**(FORM if event_type == "form_submission" else CALL), **ALL}


def values(body: Body, event_type: str, *, event: str, company: str, link: str) -> dict[str, str]:
    """Each name's text. An absent value is empty."""
    known = {key: to_text(value) for key, value in body.items()}
    name, number = known.get("customer_name", ""), dashed(known.get("customer_phone_number", ""))
    ours, theirs = "tracking_phone_number", known.get("formatted_customer_phone_number", "") or number
    if event_type == "text_message_sent":
        theirs, tracking = known.get("destination_number", ""), known.get("source_number", "")
    elif event_type == "text_message_received":
        theirs, tracking = known.get("source_number", ""), known.get("destination_number", "")
    else:
        tracking = known.get(f"formatted_{ours}", "") or known.get(ours, "")
    place = ", ".join(each for each in (known.get("customer_city", ""), known.get("customer_state", "")) if each)
    began = next((known[key] for key in ("start_time", "submitted_at", "timestamp") if known.get(key)), "")
    fields = body.get("form_data")
    source = known.get("formatted_tracking_source", "") or known.get("source", "") or known.get("source_name", "")
    duration = known.get("formatted_duration", "") or known.get("duration", "")
    return known | {
        "caller": name or theirs or "Unknown",
        "caller_name": name,
        "caller_number": theirs,
        "caller_location": place,
        "outcome": known.get("formatted_call_type", ""),
        "tracking_number": tracking,
        "business_number": known.get("formatted_business_phone_number", "") or known.get("business_phone_number", ""),
        "source": source,
        "duration": duration,
        "time": read_time(began),
        "form_fields": form_lines(fields) if isinstance(fields, dict) else "",
        "changes": _changes(body.get("changes")),
        "event": event,
        "company": known.get("company_name", "") or company,
        "link": link,
    }


def dashed(number: str) -> str:
    """`+12145550123` → `214-555-0123`, as the bodies of texts and of calls that are over write it."""
    found = _AMERICAN.fullmatch(number)
    return "-".join(found.groups()) if found else number


def _changes(names: Any) -> str:
    """What changed, in words. One payload version says `tag` beside `tags`."""
    if not isinstance(names, list):
        return to_text(names)
    said = [str(name).replace("_", " ") for name in names if not (name == "tag" and "tags" in names)]
    return ", ".join(said)


def to_text(value: Any) -> str:
    """A value of a body as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)[:LONGEST_JSON]
    return str(value)


def form_lines(fields: Mapping[str, Any]) -> str:
    """One line for each, also where somebody wrote several."""
    return "\n".join(
        f"{' '.join(str(name).split())}: {' '.join(to_text(value).splitlines())}" for name, value in fields.items()
    )


def read_time(text: str) -> str:
    """`2018-02-19T13:41:00.236-05:00` → `19 Feb 2018, 13:41`, as the admin shows times, in the company's time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.day} {moment:%b %Y, %H:%M}"
