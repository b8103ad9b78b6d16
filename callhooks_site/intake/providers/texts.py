"""Texts out of messaging callbacks. No Django.

They bear no time, so a text's time is when its callback came. Of an outgoing text the callbacks tell neither words nor
pictures: whoever sends it names them in the URL of its StatusCallback, which is signed with the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .callback import Malformed, Said
from .parties import number

MOST_SID = 64
MOST_MEDIA = 20
MOST_URL = 2048
# A text that is on its way to the customer; before, it may still fail, and "undelivered" and "failed" never were.
SENT = frozenset({"sent", "delivered", "read"})
NOT_SENT = frozenset("accepted scheduled queued sending undelivered failed canceled partially_delivered".split())
RECEIVED = frozenset({"received", "receiving"})


class NoContent(ValueError):
    """Twilio does not tell the text of an outgoing message. Name it in the URL of its StatusCallback: ?content= and the
    text, percent-encoded."""


def is_message(said: Said) -> bool:
    return bool(message_sid(said))


def message_sid(said: Said) -> str:
    return said.text("MessageSid", MOST_SID) or said.text("SmsSid", MOST_SID)


def text_of(said: Said, options: Mapping[str, str], received_at: datetime) -> dict[str, Any] | None:
    """The values for `messaging.ingestion`; None for a state that is no news. Raises Malformed, NoContent."""
    status = said.text("MessageStatus", 40) or said.text("SmsStatus", 40)
    if status in NOT_SENT:
        return None
    if status in SENT:
        return _outgoing(said, Said(options), received_at)
    if status in RECEIVED or (not status and "From" in said):
        return _incoming(said, received_at)
    raise Malformed(f"MessageStatus is {status!r}, which is no state of a message.")


def _incoming(said: Said, received_at: datetime) -> dict[str, Any]:
    count = min(said.whole("NumMedia") or 0, MOST_MEDIA)
    media = [url for index in range(count) if (url := _url(said.text(f"MediaUrl{index}", MOST_URL)))]
    content = said.exact("Body")
    if not content and not media:
        raise Malformed("It has neither words nor pictures.")
    return {**_parties(said, "inbound", "To", "From", received_at), "content": content, "media_urls": media}


def _outgoing(said: Said, options: Said, received_at: datetime) -> dict[str, Any]:
    content = said.exact("Body") or options.exact("content")
    media = [url] if (url := _url(options.text("media", MOST_URL))) else []
    if not content and not media:
        raise NoContent(" ".join(str(NoContent.__doc__).split()))
    return {**_parties(said, "outbound", "From", "To", received_at), "content": content, "media_urls": media}


def _parties(said: Said, direction: str, ours: str, theirs: str, received_at: datetime) -> dict[str, Any]:
    customer = number(said.text(theirs, 200))
    if not customer:
        raise Malformed(f"{theirs} is {said.text(theirs, 60)!r}, which is no phone number of a customer.")
    return {
        "direction": direction,
        "tracking_phone_number": number(said.text(ours, 200)) or said.text(ours, 60),
        "customer_phone_number": customer,
        "sent_at": received_at,
        "external_id": message_sid(said),
    }


def _url(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""
