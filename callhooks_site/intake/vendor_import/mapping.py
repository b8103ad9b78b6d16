"""The vendor's objects as our API's doors take them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

SOURCE = "callrail"  # `external_source` of what is brought over
CALL_FIELDS = """
    agent_email call_highlights call_type campaign custom device_type fbclid ga gclid keypad_entries keywords
    keywords_spotted landing_page_url last_requested_url lead_status medium milestones msclkid note referrer_domain
    referring_url source source_name speaker_percent tags transcription utm_campaign utm_content utm_medium utm_source
    utm_term value waveforms
""".split()
FORM_FIELDS = "lead_status value note tags utm_source utm_medium utm_campaign".split()
_SAME_IN_CALLS = """
    direction tracking_phone_number customer_phone_number customer_name customer_city customer_state customer_country
    business_phone_number agent_email device_type call_highlights campaign fbclid ga gclid keywords keywords_spotted
    landing_page_url last_requested_url medium milestones msclkid note referrer_domain referring_url speaker_percent
    tags utm_campaign utm_content utm_medium utm_source utm_term waveforms keypad_entries voicemail
""".split()
_SAME_IN_FORMS = """
    form_data form_url landing_page_url referrer referring_url submitted_at source medium campaign keywords utm_source
    utm_medium utm_campaign
""".split()
SCORES = ("good_lead", "not_a_lead")

Given = Mapping[str, Any]


def call_values(call: Given) -> dict[str, Any] | None:
    """None for a call that has not ended: it is brought by a later run."""
    if call.get("duration") is None:
        return None
    values = {name: call[name] for name in _SAME_IN_CALLS if call.get(name) not in (None, "")}
    values["tags"] = [tag["name"] if isinstance(tag, dict) else tag for tag in values.get("tags", [])]
    start = datetime.fromisoformat(str(call["start_time"]))
    values |= {
        "external_source": SOURCE,
        "external_id": str(call["id"]),
        "start_time": start.isoformat(),
        "ended_at": (start + timedelta(seconds=int(call["duration"]))).isoformat(),
        "duration": int(call["duration"]),
        "abandoned": call.get("call_type") in ("abandoned", "abandonded"),
    }
    if call.get("answered"):
        values["answered_at"] = start.isoformat()
    if call.get("source"):
        values["source"] = call["source"]
    if call.get("transcription"):
        values["transcription_text"] = call["transcription"]
    if isinstance(call.get("custom"), str):
        values["custom"] = call["custom"]
    if call.get("recording_player") and call.get("recording_duration") not in (None, ""):
        values["recording_url"] = recording_file(str(call["recording_player"]))
        values["recording_duration"] = int(call["recording_duration"])
    return values | what_people_said(call)


def what_people_said(row: Given) -> dict[str, Any]:
    """Value and lead status: of calls, and in the API's words."""
    said: dict[str, Any] = {}
    if row.get("value") not in (None, ""):
        said["value"] = f"{float(str(row['value']).replace('$', '').replace(',', '')):.2f}"
    if row.get("lead_status") in SCORES:
        said |= {"lead_status": row["lead_status"], "lead_status_by": "person"}
    return said


def recording_file(player: str) -> str:
    """The recording itself lies beside the page that plays it: `…/recording?…` → `…/recording/redirect?…`."""
    return player.replace("/recording?", "/recording/redirect?", 1)


def form_values(form: Given) -> dict[str, Any]:
    values = {name: form[name] for name in _SAME_IN_FORMS if form.get(name) not in (None, "")}
    return values | {"external_source": SOURCE, "external_id": str(form["id"])}


def text_values(message: Given, conversation: Given) -> dict[str, Any]:
    return {
        "external_source": SOURCE,
        "external_id": f"{conversation['id']}/{message['id']}",
        "direction": "inbound" if message.get("direction") in ("incoming", "inbound") else "outbound",
        "tracking_phone_number": tracking_number(conversation),
        "customer_phone_number": conversation["customer_phone_number"],
        "content": message.get("content") or "",
        "media_urls": message.get("media_urls") or [],
        "sent_at": str(message["created_at"]),
    }


def tracking_number(conversation: Given) -> str:
    return str(conversation.get("current_tracking_number") or conversation.get("initial_tracking_number") or "")
