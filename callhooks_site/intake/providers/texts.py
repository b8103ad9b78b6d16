"""Read texts out of messaging callbacks. No Django.

Callbacks carry no time, so a text's time is when its callback arrived. For an outgoing text they carry neither content
nor pictures: the sending program names them in the URL of its StatusCallback, which the signature covers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .addresses import normalise_number
from .callback_request import CallbackParams, Malformed

MOST_SID = 64
MOST_MEDIA = 20
MOST_URL = 2048
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
    content = params.exact_text("Body")
    if not content and not media:
        raise Malformed("It has neither text nor pictures.")
    return {
        **_build_base(params, "inbound", "To", "From", received_at, region),
        "content": content,
        "media_urls": media,
    }


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
    customer = normalise_number(params.text(theirs, 200), region)
    if not customer:
        raise Malformed(f"{theirs} is {params.text(theirs, 60)!r}, which is not a customer's phone number.")
    return {
        "direction": direction,
        "tracking_phone_number": normalise_number(params.text(ours, 200), region) or params.text(ours, 60),
        "customer_phone_number": customer,
        "sent_at": received_at,
        "external_id": message_sid(params),
    }


def _check_url(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""
