"""The URLs of a source: people paste them at the provider, and the provider's signatures cover them.

They start with PUBLIC_URL. The Host header of a request plays no part: the sender can put anything there.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from .models import IngestSource


@dataclass(frozen=True)
class CallbackUrl:
    """A URL of a source. `where` tells people where to paste it; `twiml`: the provider continues with our answer."""

    name: str
    label: str
    where: str
    twiml: bool = False


INCOMING, VOICE, DIAL, RECORDING, TRANSCRIPTION, MESSAGE, MESSAGE_STATUS = (
    "incoming", "voice", "dial", "recording", "transcription", "message", "message-status",
)  # fmt: skip

CALLBACK_URLS = {
    url.name: url
    for url in (
        CallbackUrl(
            INCOMING,
            "A call comes in",
            "Phone number → Voice configuration → “A call comes in”, webhook, HTTP POST. Pre-Call fires at once. To "
            "continue with TwiML of your own, add ?next= and its address, percent-encoded. Without it the call is "
            "forwarded to the tracking number’s business number.",
            twiml=True,
        ),
        CallbackUrl(
            VOICE,
            "Call status",
            "Phone number → Voice configuration → “Call status changes”; and in TwiML statusCallback of <Number>, "
            '<Client> or <Sip>, with statusCallbackEvent="initiated ringing answered completed"; amdStatusCallback of '
            '<Number>; statusCallback of <Conference>, with statusCallbackEvent="start join leave". It reports when '
            "a call is answered, by whom, and when it ends.",
        ),
        CallbackUrl(
            DIAL,
            "Dial action",
            "In TwiML action of <Dial>, <Record> and <Enqueue>, and url of <Queue>. It reports how the dialing ended, "
            "whether the two ends were connected, and what was recorded. To continue with TwiML of your own, add "
            "?next=; without it the call ends.",
            twiml=True,
        ),
        CallbackUrl(RECORDING, "Recording", "In TwiML recordingStatusCallback of <Dial>, <Record> or <Recording>."),
        CallbackUrl(
            TRANSCRIPTION,
            "Transcription",
            "In TwiML transcribeCallback of <Record>, or statusCallbackUrl of <Transcription>.",
        ),
        CallbackUrl(
            MESSAGE,
            "A message comes in",
            "Phone number → Messaging configuration → “A message comes in”, webhook, HTTP POST. No reply is sent. "
            "To continue with TwiML of your own, add ?next=.",
            twiml=True,
        ),
        CallbackUrl(
            MESSAGE_STATUS,
            "Message status",
            "StatusCallback of each message that your program sends. The provider does not include the text: "
            "add ?content= and the text, percent-encoded.",
        ),
    )
}


def build_path(source: IngestSource, place: str) -> str:
    return reverse("provider-callback", args=[source.public_key, place])


def build_url(source: IngestSource, place: str, query: str = "") -> str:
    return f"{settings.PUBLIC_URL}{build_path(source, place)}" + (f"?{query}" if query else "")
