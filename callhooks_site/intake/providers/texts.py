"""Read texts out of messaging callbacks. No Django.

Callbacks carry no time, so a text's time is when its callback arrived. For an outgoing text they carry neither content
nor pictures: the sending program names them in the URL of its StatusCallback, which the signature covers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from calls.phones import BadNumber
from calls.senders import LONGEST_SENDER, read_sender

from .addresses import normalise_number
from .callback_request import CallbackParams, Malformed

MOST_SID = 64
MOST_MEDIA = 20
MOST_URL = 2048
MOST_RECIPIENTS = 50
# The text is on its way to the customer. Before that it may still fail.
SENT = frozenset({"sent", "delivered", "read"})
NOT_SENT = frozenset("accepted scheduled queued sending undelivered failed canceled partially_delivered".split())
RECEIVED = frozenset({"received", "receiving"})


class NoContent(ValueError):
    """Twilio does not include the text of an outgoing message. Add it to the URL of its StatusCallback: ?content= and
    the text, percent-encoded."""


def is_message(params: CallbackParams) -> bool:
    return bool(message_sid(params))


def message_sid(params: CallbackParams) -> str:
    return params.text("MessageSid", MOST_SID) or params.text("SmsSid", MOST_SID)


def build_text(
    params: CallbackParams, options: Mapping[str, str], received_at: datetime, *, region: str
) -> dict[str, Any] | None:
    """The values for `messaging.ingestion`; None for a state without news. Raises Malformed, NoContent."""
    status = params.text("MessageStatus", 40) or params.text("SmsStatus", 40)
    if status in NOT_SENT:
        return None
    if status in SENT:
        return _build_outgoing(params, CallbackParams(options), received_at, region)
    if status in RECEIVED or (not status and "From" in params):
        return _build_incoming(params, received_at, region)
    raise Malformed(f"MessageStatus is {status!r}, which is not a message state.")


def _build_incoming(params: CallbackParams, received_at: datetime, region: str) -> dict[str, Any]:
    count = min(params.seconds("NumMedia") or 0, MOST_MEDIA)
    media = [url for index in range(count) if (url := _check_url(params.text(f"MediaUrl{index}", MOST_URL)))]
    content = params.exact_text("Body") or params.exact_text("ButtonText") or _build_place(params)
    if not content and not media:
        raise Malformed("It has neither text nor pictures.")
    return {
        **_build_base(params, "inbound", "To", "From", received_at, region),
        "content": content,
        "media_urls": media,
        "other_recipients": _read_other_recipients(params, region),
        "opt_out_type": params.text("OptOutType", 20),
    }


def _build_place(params: CallbackParams) -> str:
    """What RCS and WhatsApp users send as a place on the map."""
    where = [params.text(name, 200) for name in ("Label", "Address")]
    if "Latitude" in params and "Longitude" in params:
        where.append(f"{params.text('Latitude', 30)}, {params.text('Longitude', 30)}")
    return "\n".join(line for line in where if line)


def _read_other_recipients(params: CallbackParams, region: str) -> list[str]:
    """Of a group MMS. Twilio numbers them from 0."""
    names = ["OtherRecipients", *(f"OtherRecipients{number}" for number in range(MOST_RECIPIENTS))]
    found = [params.text(name, LONGEST_SENDER) for name in names if name in params]
    return list(dict.fromkeys(normalise_number(one, region) or one for one in found))


def _build_outgoing(
    params: CallbackParams, options: CallbackParams, received_at: datetime, region: str
) -> dict[str, Any]:
    content = params.exact_text("Body") or options.exact_text("content")
    media = [url] if (url := _check_url(options.text("media", MOST_URL))) else []
    if not content and not media:
        raise NoContent(" ".join(str(NoContent.__doc__).split()))
    return {
        **_build_base(params, "outbound", "From", "To", received_at, region),
        "content": content,
        "media_urls": media,
    }


def _build_base(
    params: CallbackParams, direction: str, ours: str, theirs: str, received_at: datetime, region: str
) -> dict[str, Any]:
    customer = _read_sender(params.text(theirs, 200), region)
    if not customer:
        raise Malformed(
            f"{theirs} is {params.text(theirs, 60)!r}, which is neither a phone number nor a sender of texts."
        )
    return {
        "direction": direction,
        "tracking_phone_number": _read_sender(params.text(ours, 200), region) or params.text(ours, LONGEST_SENDER),
        "customer_phone_number": customer,
        "sent_at": received_at,
        "sent_at_is_ours": True,
        "external_id": message_sid(params),
    }


def _read_sender(text: str, region: str) -> str:
    """Empty for what is neither a phone number nor a short code or the like."""
    try:
        return read_sender(text, region=region)
    except BadNumber:
        return ""


def _check_url(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""
