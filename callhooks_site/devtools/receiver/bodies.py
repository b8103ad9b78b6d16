"""Check the keys and the form of a body, written from the contract of each payload version.

The version is the last part of the path: `/webhooks/article`, `/webhooks/2026-05`. Other paths take any body.
"""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

_PRE = """
answered call_type formatted_call_type customer_city customer_country customer_name customer_number
customer_phone_number customer_state company_id company_name company_resource_id company_time_zone created_at direction
duration formatted_duration first_call formatted_tracking_phone_number person_resource_id prior_calls resource_id
source_name start_time total_calls tracker_resource_id tracking_phone_number voicemail timestamp
""".split()
_ROUTED = [*_PRE, "business_phone_number", "formatted_business_phone_number"]
_WHERE_SET = """
tags source medium campaign keywords referrer referrer_domain referring_url landing_page_url last_requested_url
utm_source utm_medium utm_term utm_content utm_campaign ga gclid fbclid msclkid
""".split()
_POST = """
answered business_phone_number call_type company_id company_name company_time_zone created_at customer_city
customer_country customer_name customer_number customer_phone_number customer_state device_type direction duration
first_call formatted_call_type formatted_customer_location formatted_business_phone_number formatted_customer_name
prior_calls formatted_customer_name_or_phone_number formatted_customer_phone_number formatted_duration
formatted_tracking_phone_number formatted_tracking_source formatted_value good_lead_call_id good_lead_call_time
lead_status note recording recording_duration source source_name start_time tags detail_tags total_calls
tracking_phone_number transcription value voicemail waveforms keywords medium referring_url landing_page_url
last_requested_url milestones referrer_domain conversational_transcript utm_source utm_medium utm_term utm_content
utm_campaign utma utmb utmc utmv utmz ga fbclid gclid integration_data keywords_spotted recording_player
speaker_percent call_highlights agent_email campaign msclkid keypad_entries recording_redirect spam timeline_url custom
callercity callercountry callername callernum callerstate callsource datetime destinationnum kissmetrics_id landingpage
referrer referrermedium score tag trackingnum timestamp person_resource_id resource_id company_resource_id
tracker_resource_id
""".split()
_TEXT = """
source_number destination_number content timestamp lead_status conversation_id company_resource_id person_resource_id
message_type media_urls
""".split()
ARTICLE = {
    "pre_call": _PRE,
    "call_routing_complete": _ROUTED,
    "post_call": _POST,
    "call_modified": [*_POST, "changes"],
    "text_message_sent": ["id", "resource_id", *_TEXT],
    "text_message_received": ["id", "resource_id", "agent", *_TEXT],
    "form_submission": """
        id company_id form_data form_url landing_page_url referrer submitted_at referring_url first_form source keywords
        campaign medium utm_source utm_medium utm_campaign resource_id company_resource_id person_resource_id timestamp
        """.split(),
}


def _live(keys: list[str]) -> list[str]:
    """A call's keys on the live wire: one less, and seven more after `custom`."""
    found = [key for key in keys if key != "customer_number"]
    if "custom" in found:
        at = found.index("custom") + 1
        found[at:at] = "call_summary lead_score lead_explanation sentiment zip_code session_uuid person_id".split()
    return found


_LIVE_TEXT = """
source_number destination_number lead_status conversation_id company_id person_id thread_resource_id
company_resource_id person_resource_id message_type media_urls content
""".split()
LIVE = {
    **{event: _live(keys) for event, keys in ARTICLE.items() if "call" in event},
    "text_message_sent": ["resource_id", "agent", *_LIVE_TEXT, "sent_at", "timestamp"],
    "text_message_received": ["resource_id", *_LIVE_TEXT, "received_at", "timestamp"],
    "form_submission": """
        resource_id company_id company_resource_id person_resource_id lead_status form_data url form_url source keywords
        campaign medium landing landing_page_url referrer referrer_url referring_url timeline_url utm_source utm_medium
        utm_campaign submitted_at first_form utma utmb utmc utmv utmz ga session_uuid created_at updated_at hidden fcid
        timestamp
        """.split(),
}
VERSIONS = {"article": ARTICLE, "2026-05": LIVE}
_NEVER_A_LIST = ("conversational_transcript", "keywords_spotted", "waveforms", "keypad_entries", "speaker_percent")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d")
_TIMES = ("start_time", "timestamp", "created_at", "submitted_at", "sent_at", "received_at", "updated_at")


def version_of(path: str) -> str:
    """The payload version that this path is for; empty where bodies are not checked."""
    last = path.partition("?")[0].rpartition("/")[2]
    return last if last in VERSIONS else ""


def body_fault(version: str, event: str, body: bytes, content_type: str) -> str:
    """What is wrong with a body; empty if nothing is, or nothing is known of the version."""
    if version not in VERSIONS:
        return ""
    wanted = VERSIONS[version].get(event)
    if wanted is None:
        return f"no such event: {event}"
    try:
        found = _read(body, content_type)
    except ValueError:
        return "the body cannot be read"
    optional = set(_WHERE_SET) if event == "call_routing_complete" else set()
    if (version, event) == ("2026-05", "text_message_sent"):
        optional = {"agent"}
    named = [*wanted, *(key for key in _WHERE_SET if key not in wanted and event == "call_routing_complete")]
    expected = [key for key in named if key not in optional or key in found]
    if list(found) != expected:
        lacking, surplus = set(expected) - set(found), set(found) - set(expected)
        if not lacking | surplus:
            return "the keys are in another order"
        return f"keys: {_list(lacking)} missing, {_list(surplus)} too many"
    return _value_fault(version, event, found)


def _read(body: bytes, content_type: str) -> dict[str, Any]:
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True))
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError
    return found


def _value_fault(version: str, event: str, found: dict[str, Any]) -> str:
    for key in _TIMES:
        if key in found and not _TIME.fullmatch(str(found[key])):
            return f"{key} is no time with milliseconds and an offset"
    if "call" in event:
        if None in found.values():
            return "a call has null"
        if any(found.get(key) == [] for key in _NEVER_A_LIST):
            return "an empty list in the place of an empty text"
        link = str(found.get("recording", ""))
        if link and f"/calls/{found['resource_id']}/recording/redirect?access_key=" not in link:
            return "recording is no link with the call's id"
    changes = found.get("changes")
    if event == "call_modified" and not changes:
        return "changes is empty"
    if changes and ("tags" in changes) and ("tag" in changes) != (version == "2026-05"):
        return "changes has the names of another version"
    return ""


def _list(keys: set[str]) -> str:
    return ", ".join(sorted(keys)) or "none"
