"""Files of call trackers and phone systems whose columns are known: what each documents, by name. No Django.

Names beside these are looked up in `column_names`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .column_names import Names, parse_names
from .moments import DateOrder


@dataclass(frozen=True)
class Preset:
    name: str
    label: str
    columns: Mapping[str, Names]  # by kind
    marks: tuple[frozenset[str], ...]  # a file that has all names of one of these comes from this system
    dates: DateOrder = "iso"
    zone: str = ""  # of times without an offset; empty: the company's
    constants: Names = field(default_factory=dict)


def _marks(*sets: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(name.strip() for name in names.split(",")) for names in sets)


INBOUND: Names = {"direction": "inbound"}

# The export of the call log, and the names of its API.
CALLRAIL = Preset(
    "callrail", "CallRail",
    {"calls": parse_names("""
        customer_name: name, customer name
        customer_phone_number: phone number, customer phone number
        agent_email: agent email
        call_status: call status, call type, answered
        comma_tags: tags
        recording_url: recording url, recording
        business_phone_number: business phone number, destination number
        nothing: number name, company, company name, agent name, agent number, first time caller, email, first call
    """)},
    _marks("number name, tracking number, start time", "business phone number, tracking phone number, first call",
           "first time caller, tracking number", "call status, tracking number, duration seconds"),
    dates="us", constants=INBOUND,
)  # fmt: skip

CALLTRACKINGMETRICS = Preset(
    "calltrackingmetrics", "CallTrackingMetrics",
    {"calls": parse_names("""
        customer_phone_number: caller number, contact number, caller number complete
        business_phone_number: receiving number, business number
        start_time: called at, date time
        call_status: dial status, call status, status
        comma_tags: tag list, tags
        recording_url: audio, recording
        keywords: keyword, search query
        landing_page_url: landing page
        nothing: account id, tracking label, tracking number label, agent, menu, ring to number, email, likelihood
    """)},
    _marks("called at, tracking number", "caller number, tracking number, talk time",
           "contact number, tracking number, talk time", "tracking label, caller number"),
    dates="us", constants=INBOUND,
)  # fmt: skip

# The columns of its CSV template. Other kinds of leads stand among the calls.
WHATCONVERTS = Preset(
    "whatconverts", "WhatConverts",
    {"calls": parse_names("""
        record_type: lead type
        external_id: lead id
        customer_phone_number: phone number, caller number
        business_phone_number: destination number
        start_time: date, date created, lead date, call date
        row_zone: timezone, time zone
        call_status: answer status, call status
        good_lead: quotable
        lead_explanation: lead analysis
        keywords: keyword
        utm_content: content
        transcription_text: call transcription
        value: quote value
        nothing: lead status, sales value, spotted keywords, contact name, email address, number name, line type
        nothing: profile id, profile, ip, ip address, operating system, browser, device make, fbpid, message
    """)},
    _marks("lead type, quotable", "lead id, lead type", "profile id, quotable"),
    constants=INBOUND,
)  # fmt: skip

# Without a header: the order of cdr_csv's Master.csv.
ASTERISK_COLUMNS = (
    "accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end duration billsec "
    "disposition amaflags uniqueid userfield"
).split()
ASTERISK = Preset(
    "asterisk", "Asterisk CDR",
    {"calls": parse_names("""
        from_number: src
        to_number: dst
        did_number: did
        context: dcontext
        start_time: start, calldate
        answered_at: answer
        ended_at: end
        duration: billsec
        call_status: disposition
        last_application: lastapp
        external_id: uniqueid
        nothing: accountcode, clid, channel, dstchannel, lastdata, duration, amaflags, userfield, linkedid
        nothing: peeraccount, sequence, recordingfile, cnum, cnam, outbound cnum, outbound cnam, dst cnam
    """)},
    _marks("src, dst, disposition"),
)  # fmt: skip

# The log of calls since version 20, and the CDR output with the names of its settings page.
THREE_CX = Preset(
    "3cx", "3CX",
    {"calls": parse_names("""
        start_time: call time, time start
        from_number: from, caller id, from no
        to_number: to, destination, dial no
        ring_seconds: ringing
        talk_seconds: talking
        answered_at: time answered
        ended_at: time end
        call_status: status
        context: from type
        external_id: call id, historyid
        customer_name: from dispname
        nothing: cost, call activity details, sentiment, summary, reason, callid, duration, reason terminated
        nothing: from dn, to no, to dn, reason changed, final number, final dn, bill code, bill rate, bill cost
        nothing: bill name, chain, to type, final type, to dispname, final dispname, missed queue calls
    """)},
    _marks("call time, from, to, talking", "call time, caller id, destination, talking",
           "time start, from no, dial no"),
)  # fmt: skip

RINGCENTRAL = Preset(
    "ringcentral", "RingCentral",
    {"calls": parse_names("""
        record_type: type
        customer_phone_number: phone number
        from_number: from
        to_number: to
        start_date: date
        start_clock: time
        call_status: action result, result
        duration: duration
        external_id: session id
        nothing: action, result description, included, purchased, cost, extension, ext, recording, reason
        nothing: forwarded to, location
    """)},
    _marks("action result, phone number", "action result, from, to", "direction, action, result, duration"),
    dates="us",
)  # fmt: skip

TWILIO = Preset(
    "twilio", "Twilio",
    {
        "calls": parse_names("""
            external_id: call sid, sid
            parent_call: parent call sid
            from_number: from
            to_number: to
            call_status: status
            start_time: start time
            ended_at: end time
            customer_name: caller name
            nothing: account sid, price, price unit, phone number sid, date created, date updated, forwarded from
            nothing: from formatted, to formatted, uri, api version, type, queue time, trunk sid, group sid, annotation
            nothing: answered by
        """),
        "texts": parse_names("""
            external_id: sid, message sid
            content: body
            sent_at: date sent, sent date
            nothing: account sid, price, price unit, status, api version, num segments, num media, error code
            nothing: error message, messaging service sid, date created, date updated, uri, type, message type, service
        """),
    },
    _marks("call sid, from, to, direction", "parent call sid, from, to", "sid, num segments, body"),
    zone="UTC",
)  # fmt: skip

PRESETS = {
    preset.name: preset
    for preset in (CALLRAIL, CALLTRACKINGMETRICS, WHATCONVERTS, ASTERISK, THREE_CX, RINGCENTRAL, TWILIO)
}


def columns_without_header(first_row: Sequence[str]) -> list[str] | None:
    """The columns of a file that has no header, if this first row is one of Asterisk's."""
    dispositions = ("ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION")
    if 16 <= len(first_row) <= len(ASTERISK_COLUMNS) and first_row[14] in dispositions:
        return ASTERISK_COLUMNS[: len(first_row)]
    return None
