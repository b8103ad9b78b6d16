"""Twilio's callbacks as it documents them, made by us; signed by its own library, which shares no code with ours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from email.utils import format_datetime
from hashlib import sha256
from itertools import count
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from callhooks_site.intake.providers.callback_urls import build_path, build_url
from callhooks_site.intake.providers.models import IngestSource
from subscriptions.events import stream_timers
from subscriptions.models import Company, EventStream
from tests.support import factories

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "fedcba9876543210fedcba9876543210"
TRACKING, CUSTOMER, BUSINESS = "+14045550100", "+12145550123", "+14045550199"

_sids = count(1)


def make_source(company: Company, **fields: Any) -> IngestSource:
    fields = {"name": "Twilio", "account_sid": ACCOUNT, "auth_token": TOKEN, **fields}
    return IngestSource.objects.create(company=company, **fields)


def make_tracked_source(*, destination: str = "", **company: Any) -> IngestSource:
    """A source of a new company that has the tracking number TRACKING."""
    owner = factories.make_company(**company)
    factories.make_tracker(owner, phone_number=TRACKING, destination_number=destination)
    return make_source(owner)


def sid(prefix: str = "CA") -> str:
    return f"{prefix}{next(_sids):032x}"


def call(call_sid: str, status: str, **more: Any) -> dict[str, str]:
    """A callback of the call that came in: what Twilio sends with each."""
    given = {
        "CallSid": call_sid,
        "AccountSid": ACCOUNT,
        "From": CUSTOMER,
        "To": TRACKING,
        "Caller": CUSTOMER,
        "Called": TRACKING,
        "CallStatus": status,
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        "FromCity": "DALLAS",
        "FromState": "TX",
        "FromCountry": "US",
        "FromZip": "75201",
        "ToCity": "ATLANTA",
        "StirVerstat": "TN-Validation-Passed-A",
    }
    return {**given, **_texts(more)}


def leg(call_sid: str, leg_sid: str, status: str, **more: Any) -> dict[str, str]:
    """A callback of the leg that was dialled."""
    own = {
        "CallSid": leg_sid,
        "ParentCallSid": call_sid,
        "To": BUSINESS,
        "Called": BUSINESS,
        "Direction": "outbound-dial",
    }
    return {**call(call_sid, status), **own, **_texts(more)}


def recording(call_sid: str, **more: Any) -> dict[str, str]:
    recording_sid = sid("RE")
    given = {
        "AccountSid": ACCOUNT,
        "CallSid": call_sid,
        "RecordingSid": recording_sid,
        "RecordingUrl": f"https://api.example.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording_sid}",
        "RecordingStatus": "completed",
        "RecordingDuration": "12",
        "RecordingChannels": "2",
        "RecordingSource": "DialVerb",
        "RecordingTrack": "both",
        "ErrorCode": "0",
    }
    return {**given, **_texts(more)}


def message(message_sid: str, **more: Any) -> dict[str, str]:
    given = {
        "MessageSid": message_sid,
        "SmsSid": message_sid,
        "SmsStatus": "received",
        "AccountSid": ACCOUNT,
        "From": CUSTOMER,
        "To": TRACKING,
        "Body": "Is Thursday fine?",
        "NumMedia": "0",
        "NumSegments": "1",
        "ApiVersion": "2010-04-01",
    }
    return {**given, **_texts(more)}


def at(moment: Any) -> str:
    """As a status callback's Timestamp."""
    return format_datetime(moment)


def signature(source: IngestSource, place: str, fields: dict[str, Any], *, query: str = "", token: str = TOKEN) -> str:
    return RequestValidator(token).compute_signature(build_url(source, place, query), fields)


def send(
    source: IngestSource,
    place: str,
    fields: dict[str, Any],
    *,
    query: str = "",
    token: str = TOKEN,
    header: str = "X-Twilio-Signature",
    client: Client | None = None,
    **headers: str,
) -> Any:
    """The answer to a callback, signed by Twilio's library."""
    path = build_path(source, place) + (f"?{query}" if query else "")
    signed = {header: signature(source, place, fields, query=query, token=token)}
    body = urlencode(fields, doseq=True)
    return (client or Client()).post(
        path, body, content_type="application/x-www-form-urlencoded", headers={**signed, **headers}
    )


def send_json(source: IngestSource, place: str, body: bytes, *, hashed: bytes | None = None) -> Any:
    query = "bodySHA256=" + sha256(body if hashed is None else hashed).hexdigest()
    given = RequestValidator(TOKEN).compute_signature(build_url(source, place, query), {})
    path = f"{build_path(source, place)}?{query}"
    return Client().post(path, body, content_type="application/json", headers={"X-Twilio-Signature": given})


def send_all(source: IngestSource, callbacks: Iterable[tuple[str, dict[str, str]]]) -> None:
    for place, fields in callbacks:
        assert send(source, place, fields).status_code in (200, 204)


def let_settle() -> None:
    """The short time is over that post_call waits after the end of a call for what is still on its way."""
    now = timezone.now() - timedelta(seconds=1)
    soon = timezone.now() + timedelta(seconds=settings.POST_CALL_SETTLE_SECONDS + 1)
    EventStream.objects.filter(wake_at__lt=soon).update(wake_at=now)
    stream_timers.publish_due()


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
