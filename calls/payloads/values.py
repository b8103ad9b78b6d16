"""Values of call webhooks that need more than one field: functions of a call from `selectors.read_for_webhooks`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.urls import reverse

from subscriptions.events.payload_fields import format_time

from ..call_states import call_type, seconds
from ..models import Call

MILESTONES = ("first_touch", "lead_created", "qualified", "last_touch")
_TOUCH_TEXTS = (
    "event_date",
    "ad_position",
    "campaign",
    "device",
    "keywords",
    "landing",
    "landing_page_url_params",
    "match_type",
    "medium",
    "referrer",
    "referrer_url_params",
    "session_browser",
    "url_utm_params",
    "source",
)
_TOUCH_OBJECTS = ("landing_page_url_params", "referrer_url_params", "url_utm_params")
INTEGRATION_DATA = [{"integration": "Webhooks", "data": None}]


def duration_in_words(call: Call) -> str:
    """`13s`, `2m 59s`, `1h 2m 3s`; "(abandoned)" where nobody came to talk."""
    length = seconds(call)
    if call_type(call) == "abandoned" or (call.direction == Call.Direction.OUTBOUND and length == 0):
        return "(abandoned)"
    hours, rest = divmod(length, 3600)
    minutes, rest = divmod(rest, 60)
    if hours:
        return f"{hours}h {minutes}m {rest}s"
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"


def location(call: Call) -> str:
    """`Rochester, PA`, or the part that is known."""
    return ", ".join(part for part in (call.customer_city, call.customer_state) if part)


def source(call: Call) -> str:
    return call.source or call.tracker.source


def source_slug(call: Call) -> str:
    """`Google Paid` → `google_paid`."""
    return "_".join(source(call).lower().split())


def source_in_words(call: Call) -> str:
    return display_name(source(call))


def display_name(text: str) -> str:
    """`google_paid` → `Google Paid`; what is written with capitals or blanks stays as it is."""
    return text.replace("_", " ").title() if text == "_".join(text.lower().split()) else text


def lead_status(call: Any) -> str:
    """The call's own, or that the same person had a good lead earlier."""
    if call.lead_status:
        return str(call.lead_status)
    return Call.LeadStatus.PREVIOUSLY.value if call.good_lead_call_id else ""


def score(call: Any) -> int | str:
    """1 for a good lead. A customer who was one before counts, as in the vendor's captured webhooks."""
    return 1 if lead_status(call) in (Call.LeadStatus.GOOD, Call.LeadStatus.PREVIOUSLY) else ""


def tag_names(call: Call) -> list[str]:
    return [tag.name for tag in call.list_tags()]


def tag_details(call: Call) -> list[dict[str, str]]:
    return [{"name": tag.name, "level": tag.level, "color": tag.color} for tag in call.list_tags()]


def milestones(call: Call) -> dict[str, dict[str, Any]]:
    """Those that the call was brought in with, or else what forms told of the person's visits."""
    known = call.milestones if isinstance(call.milestones, dict) else {}
    if not known and call.person is not None:
        known = call.person.touches
    return milestones_of(known, call.company.time_zone)


def milestones_of(known: dict[str, Any], zone: str) -> dict[str, dict[str, Any]]:
    return {name: _touch(known[name], zone) for name in MILESTONES if isinstance(known.get(name), dict)}


def unknown_milestone() -> dict[str, Any]:
    return {key: {} if key in _TOUCH_OBJECTS else None for key in _TOUCH_TEXTS}


def _touch(known: dict[str, Any], time_zone: str) -> dict[str, Any]:
    touch = {key: known.get(key) or nothing for key, nothing in unknown_milestone().items()}
    return touch | {"event_date": _format_event_date(touch["event_date"], time_zone)}


def _format_event_date(value: Any, time_zone: str) -> Any:
    """A time as all bodies tell times; a mere date, or what is no time, as it came."""
    try:
        time = datetime.fromisoformat(value)
        return format_time(time, time_zone) if time.tzinfo else value
    except (TypeError, ValueError, OverflowError):
        return value


def transcript(call: Call) -> list[Any]:
    return [_in_order(line, ("speaker", "phrase", "start")) for line in call.conversational_transcript or []]


def keywords_spotted(call: Call) -> list[Any]:
    spotted = [_in_order(item, ("keyword", "locations")) for item in call.keywords_spotted or []]
    for item in spotted:
        if isinstance(item, dict) and isinstance(item.get("locations"), list):
            item["locations"] = [_in_order(place, ("speaker", "start")) for place in item["locations"]]
    return spotted


def _in_order(item: Any, keys: Sequence[str]) -> Any:
    """The object with these keys first: PostgreSQL's jsonb does not keep the order of keys."""
    if not isinstance(item, dict):
        return item
    return {key: item[key] for key in keys if key in item} | item


def utc_text(call: Call) -> str:
    """`2022-12-13 21:54:53`, in UTC."""
    return call.start_time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def start(call: Call) -> str:
    return format_time(call.start_time, call.company.time_zone)


def good_lead_time(call: Any) -> str:
    return format_time(call.good_lead_call_time, call.company.time_zone) if call.good_lead_call_time else ""


def recording_page(call: Call, name: str) -> str:
    """Our page or redirect for the recording, with the access key."""
    if not call.recording_url:
        return ""
    return f"{_address(name, call)}?access_key={call.recording_access_key}"


def timeline(call: Call) -> str:
    return _address("call-timeline", call)


def _address(name: str, call: Call) -> str:
    before, after = _path_around_id(name)
    return f"{settings.PUBLIC_URL}{before}{call.resource_id}{after}"


@cache
def _path_around_id(name: str) -> tuple[str, str]:
    """The path of a call's page before and after its id. To reverse it takes as long as all the rest of a payload."""
    any_id = "CAL" + "0" * 32
    before, _, after = reverse(name, args=[any_id]).partition(any_id)
    return before, after
