"""Names of columns that many systems use, and what they mean. No Django.

A name stands here folded (`fold`). Its meaning is a field of the API or one of the helpers of `call_rows`; an empty
meaning: nothing of it is imported."""

from __future__ import annotations

import re
from collections.abc import Mapping

Names = Mapping[str, str]


def fold(name: str) -> str:
    """`Duration (seconds)`, `duration_seconds` and `DurationSeconds` are all `duration seconds`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[\W_]+", " ", spaced).lower().split())


def parse_names(text: str) -> dict[str, str]:
    """From lines such as `customer_name: name, caller name`. Those of a line `nothing:` have an empty meaning."""
    found = {}
    for line in filter(str.strip, text.splitlines()):
        meaning, _, names = line.partition(":")
        field = "" if meaning.strip() == "nothing" else meaning.strip()
        found.update({name.strip(): field for name in names.split(",")})
    return found


USUAL_CALL_NAMES: Names = parse_names("""
    tracking_phone_number: tracking number, number called, dialed number, dialled number, did, tracking line
    customer_phone_number: caller number, caller phone number, caller phone, customer number, customer phone, caller
    customer_phone_number: phone number, phone, caller id, callerid, contact number, contact phone
    business_phone_number: destination number, receiving number, forwarded to, forwarding number
    customer_name: caller name, customer, contact, contact name, name
    customer_city: caller city, city
    customer_state: caller state, state, region, province
    customer_country: caller country, country
    zip_code: caller zip, caller zip code, zip, postal code, postcode, zipcode
    agent_email: agent email, user email
    device_type: device
    start_time: start, call start, start date time, call start time, call time, called at, date time, datetime
    start_time: call date time, calldate, timestamp, time stamp, call started
    start_date: date, call date, start date
    start_clock: time, time of day
    answered_at: answer time, answered time, time answered, answer
    ended_at: end, end time, call end, call ended, call end time
    duration: duration seconds, duration secs, duration sec, duration in seconds, call duration, length, billsec
    duration: call duration seconds, call length, length seconds, total duration
    talk_seconds: talk time, talking, talk duration, talk time seconds
    ring_seconds: ring time, ringing, ring duration, ring time seconds
    call_status: call status, status, result, call result, disposition, outcome, answer status, answered, call type
    direction: call direction
    from_number: from, from number, src, calling number
    to_number: to, to number, dst, called number
    voicemail: is voicemail
    spam: is spam
    recording_url: recording link, recording, audio, call recording
    recording_duration: recording length
    transcription_text: transcription, transcript, call transcription
    call_summary: summary
    comma_tags: tag list, labels
    note: notes, comment, comments
    value: lead value, sale value, sales value, quote value, revenue, amount
    source: lead source, traffic source
    campaign: campaign name
    keywords: keyword, search term
    referrer: referer
    landing_page_url: landing page, landing url
    last_requested_url: last page, lead page
    external_id: call id, callid, call sid, sid, id, unique id, uniqueid, call uuid, lead id
""")

USUAL_TEXT_NAMES: Names = parse_names("""
    tracking_phone_number: tracking number
    customer_phone_number: customer number, customer phone, phone number, phone, contact number
    content: body, message, text, message body, sms, message text
    sent_at: date sent, sent date, sent, date, date time, timestamp, time, created at
    direction: message direction
    from_number: from, from number, sender
    to_number: to, to number, recipient
    external_id: message sid, sms sid, sid, id, message id
""")

USUAL_FORM_NAMES: Names = parse_names("""
    submitted_at: date submitted, submission date, submitted on, submission time, entry date, timestamp, submitted
    form_url: form page, page url, source url, page
    landing_page_url: landing page
    external_id: submission id, entry id, lead id
""")

USUAL_NAMES: Mapping[str, Names] = {"calls": USUAL_CALL_NAMES, "texts": USUAL_TEXT_NAMES, "forms": USUAL_FORM_NAMES}
