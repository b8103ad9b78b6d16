"""What the contract says the objects of API v3 look like: their keys, and what may stand under each.

A value's rule is a type, a pattern for strings, a tuple of what it may equal, or a list of such rules, one of which has
to hold.
"""

from __future__ import annotations

import re
from re import Pattern
from typing import Any

HEX = "[0-9a-f]{32}"
LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d")  # of the zone, with milliseconds
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
PHONE = re.compile(r"\+\d{5,15}")
DASHED = re.compile(r"\d{3}-\d{3}-\d{4}|\(Not Available\)|\+\d+")
URL = re.compile(r"https?://\S+")
TEXT = [str, None]


def id_of(prefix: str) -> Pattern[str]:
    return re.compile(prefix + HEX)


ACCOUNT: dict[str, Any] = {
    "id": id_of("ACC"), "name": str, "outbound_recording_enabled": bool, "hipaa_account": bool,
}  # fmt: skip
CALL: dict[str, Any] = {
    "answered": bool, "business_phone_number": [PHONE, None], "customer_city": TEXT, "customer_country": TEXT,
    "customer_name": TEXT, "customer_phone_number": [PHONE, None], "customer_state": TEXT,
    "direction": ("inbound", "outbound"), "duration": [int, None], "id": id_of("CAL"), "recording": [URL, None],
    "recording_duration": [re.compile(r"\d+"), None], "recording_player": [URL, None], "start_time": LOCAL,
    "tracking_phone_number": PHONE, "voicemail": bool,
}  # fmt: skip
CALL_SELECTABLE: dict[str, Any] = {
    "agent_email": TEXT, "call_highlights": list, "call_summary": TEXT,
    "call_type": ("abandoned", "answered", "in_progress", "missed", "outbound", "voicemail", "voicemail_transcription"),
    "campaign": TEXT, "company_id": id_of("COM"), "company_name": str, "company_time_zone": str, "created_at": LOCAL,
    "custom": [dict, None], "device_type": TEXT, "fbclid": TEXT, "first_call": bool, "formatted_call_type": str,
    "formatted_customer_location": TEXT, "formatted_business_phone_number": [DASHED, None],
    "formatted_customer_name": TEXT, "formatted_customer_name_or_phone_number": str,
    "formatted_customer_phone_number": DASHED, "formatted_duration": TEXT, "formatted_tracking_phone_number": DASHED,
    "formatted_tracking_source": TEXT, "formatted_value": str, "ga": TEXT, "gclid": TEXT,
    "good_lead_call_id": [int, None], "good_lead_call_time": [LOCAL, None], "keypad_entries": [dict, list, None],
    "keywords": TEXT, "keywords_spotted": list, "landing_page_url": TEXT, "last_requested_url": TEXT,
    "lead_status": ("good_lead", "not_a_lead", "previously_marked_good_lead", None), "medium": TEXT,
    "milestones": dict, "msclkid": TEXT, "note": TEXT, "person_id": [id_of("PER"), None], "prior_calls": int,
    "referrer_domain": TEXT, "referring_url": TEXT, "sentiment": TEXT, "session_uuid": TEXT, "source": TEXT,
    "source_name": TEXT, "speaker_percent": [dict, None], "tags": list, "timeline_url": [URL, None], "total_calls": int,
    "tracker_id": id_of("TRK"), "transcription": TEXT, "utm_campaign": TEXT, "utm_content": TEXT, "utm_medium": TEXT,
    "utm_source": TEXT, "utm_term": TEXT, "value": [int, float, None], "voice_assist_message": [dict, None],
    "waveforms": list, "zip_code": list, "lead_score": TEXT, "lead_explanation": TEXT,
}  # fmt: skip
CALL_SINGLE: dict[str, Any] = {"conversational_transcript": list, "integration_data": list}
MILESTONES = ["first_touch", "lead_created", "qualified", "last_touch"]
MILESTONE = (
    "event_date ad_position campaign device keywords landing landing_page_url_params match_type medium referrer "
    "referrer_url_params session_browser url_utm_params source"
).split()
FORM: dict[str, Any] = {
    "id": re.compile(f"(FOR|FRM){HEX}"), "company_id": id_of("COM"), "person_id": [id_of("PER"), ("anonymous", None)],
    "form_data": dict, "form_url": TEXT, "landing_page_url": TEXT, "referrer": TEXT, "referring_url": TEXT,
    "submitted_at": [LOCAL, UTC], "first_form": bool,
}  # fmt: skip
FORM_LISTED: dict[str, Any] = {
    **FORM, "customer_phone_number": str, "customer_name": TEXT, "customer_email": TEXT,
    "formatted_customer_phone_number": TEXT, "formatted_customer_name": TEXT, "source": TEXT, "keywords": TEXT,
    "campaign": TEXT, "medium": TEXT,
}  # fmt: skip
FORM_SELECTABLE: dict[str, Any] = {
    "company_name": str, "lead_status": ("good_lead", "not_a_lead", "previously_marked_good_lead", None),
    "value": [int, float, None], "note": TEXT, "tags": list, "utm_source": TEXT, "utm_medium": TEXT,
    "utm_campaign": TEXT, "form_name": TEXT, "timeline_url": [URL, None], "milestones": dict,
}  # fmt: skip
COMPANY: dict[str, Any] = {
    "id": id_of("COM"), "name": str, "status": ("active", "disabled"), "time_zone": str, "created_at": UTC,
    "disabled_at": [UTC, None], "dni_active": [bool, None], "script_url": TEXT, "callscribe_enabled": bool,
    "lead_scoring_enabled": bool, "swap_exclude_jquery": [bool, None], "swap_ppc_override": [bool, None],
    "swap_landing_override": TEXT, "swap_cookie_duration": int,
    "swap_cookie_duration_unit": ("months", "weeks", "days"), "callscore_enabled": bool,
    "keyword_spotting_enabled": bool, "form_capture": bool,
}  # fmt: skip
TRACKER: dict[str, Any] = {
    "id": id_of("TRK"), "name": str, "type": ("source", "session"), "status": ("active", "disabled"),
    "destination_number": [PHONE, None], "tracking_numbers": list, "whisper_message": TEXT, "sms_enabled": bool,
    "sms_supported": bool, "company": dict, "call_flow": dict, "source": dict, "created_at": UTC,
    "disabled_at": [UTC, None],
}  # fmt: skip
TAG: dict[str, Any] = {
    "id": int, "name": str, "tag_level": ("company", "account"), "color": str, "background_color": str,
    "company_id": [id_of("COM"), None], "status": ("enabled", "disabled"), "created_at": [LOCAL, None],
}  # fmt: skip
USER: dict[str, Any] = {
    "email": str, "id": id_of("USR"), "created_at": [UTC, LOCAL], "role": ("admin", "manager", "reporting"),
    "first_name": TEXT, "last_name": TEXT, "name": str, "accepted": bool, "companies": list,
}  # fmt: skip
CONVERSATION_HEAD: dict[str, Any] = {
    "id": re.compile("[0-9A-Za-z]{5}"), "company_id": id_of("COM"), "initial_tracker_id": id_of("TRK"),
    "current_tracker_id": id_of("TRK"), "customer_name": TEXT, "customer_phone_number": PHONE,
    "initial_tracking_number": PHONE, "current_tracking_number": PHONE, "last_message_at": [UTC, None],
    "state": ("active", "archived"), "company_time_zone": str, "formatted_customer_phone_number": DASHED,
    "formatted_initial_tracking_number": DASHED, "formatted_current_tracking_number": DASHED,
    "formatted_customer_name": TEXT,
}  # fmt: skip
CONVERSATION: dict[str, Any] = {**CONVERSATION_HEAD, "recent_messages": list}
RECENT_MESSAGE: dict[str, Any] = {
    "direction": ("incoming", "outgoing"), "content": str, "created_at": UTC, "type": ("sms", "mms"),
    "media_urls": list,
}  # fmt: skip
THREAD: dict[str, Any] = {
    "id": id_of("SMT"), "notes": TEXT, "tags": list, "value": [float, int, None],
    "lead_qualification": ("good_lead", "not_a_lead", None), "company_id": id_of("COM"),
    "initial_tracker_id": id_of("TRK"), "current_tracker_id": id_of("TRK"), "customer_name": TEXT,
    "customer_phone_number": PHONE, "initial_tracking_number": PHONE, "current_tracking_number": PHONE,
    "state": ("active", "archived"), "company_time_zone": str,
}  # fmt: skip
THREAD_SELECTABLE: dict[str, Any] = {
    "last_message_at": [UTC, None], "formatted_customer_phone_number": DASHED,
    "formatted_initial_tracking_number": DASHED, "formatted_current_tracking_number": DASHED,
    "formatted_customer_name": TEXT,
}  # fmt: skip
THREAD_MESSAGE: dict[str, Any] = {
    "id": id_of("SCI"), "content": str, "created_at": UTC, "status": (None, "sent", "failed"),
    "direction": ("incoming", "outgoing"), "message_type": ("sms", "mms"), "media_urls": list,
}  # fmt: skip
LEAD: dict[str, Any] = {
    "id": id_of("PER"), "name": TEXT, "phone": TEXT, "email": TEXT, "created_at": UTC, "company_id": id_of("COM"),
    "company_name": str,
}  # fmt: skip
INTEGRATION: dict[str, Any] = {
    "id": int, "config": dict, "state": ("active", "disabled", "pending", "failed"), "type": str,
}  # fmt: skip
FILTER: dict[str, Any] = {
    "id": int, "company_id": id_of("COM"), "integration_id": [int, None], "tracker_ids": list,
    "call_type": (None, "first_call", "vm", "missed_and_vm"), "min_duration": [int, None], "max_duration": [int, None],
    "lead_status": (None, "good_lead", "not_a_lead", 1), "integration": dict,
}  # fmt: skip


def check(shape: dict[str, Any], found: Any, *, also: tuple[str, ...] = ()) -> None:
    """The object has exactly these keys, and values as the shape says. `also`: keys that it may have besides."""
    assert set(found) - (set(also) - set(shape)) == set(shape), set(found) ^ set(shape)
    for key, rule in shape.items():
        assert _holds(rule, found[key]), (key, found[key])


def _holds(rule: Any, value: Any) -> bool:
    if rule is None:
        return value is None
    if isinstance(rule, list):
        return any(_holds(each, value) for each in rule)
    if isinstance(rule, tuple):
        return value in rule and type(value) is not bool
    if isinstance(rule, Pattern):
        return isinstance(value, str) and rule.fullmatch(value) is not None
    return type(value) is rule
