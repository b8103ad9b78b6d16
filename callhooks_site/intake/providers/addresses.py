"""The URLs of a source: what is pasted at the provider, and what its signatures cover.

They begin with PUBLIC_URL. The Host header of a request says what the sender pleases, and plays no part.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from .models import IngestSource


@dataclass(frozen=True)
class Place:
    """A URL of a source. `twiml`: the provider goes on with what is answered."""

    name: str
    label: str
    where: str
    twiml: bool = False


INCOMING, VOICE, DIAL, RECORDING, TRANSCRIPTION, MESSAGE, MESSAGE_STATUS = (
    "incoming", "voice", "dial", "recording", "transcription", "message", "message-status",
)  # fmt: skip

PLACES = {
    place.name: place
    for place in (
        Place(
            INCOMING,
            "A call comes in",
            "Phone number → Voice configuration → “A call comes in”, webhook, HTTP POST. Pre-Call fires at once. Your "
            "own TwiML goes on behind it: add ?next= and its address, percent-encoded. Without it the call is dialled "
            "through to the tracking number’s business number.",
            twiml=True,
        ),
        Place(
            VOICE,
            "Call status",
            "Phone number → Voice configuration → “Call status changes”; and in TwiML statusCallback of <Number>, "
            '<Client> or <Sip>, with statusCallbackEvent="initiated ringing answered completed". It tells when a call '
            "is answered and when it ends.",
        ),
        Place(
            DIAL,
            "Dial action",
            "In TwiML action of <Dial>. It tells how the dialling ended, if the leg’s own callbacks were lost. Your "
            "TwiML goes on behind it with ?next=; without it the call ends.",
            twiml=True,
        ),
        Place(RECORDING, "Recording", "In TwiML recordingStatusCallback of <Dial>, <Record> or <Recording>."),
        Place(
            TRANSCRIPTION,
            "Transcription",
            "In TwiML transcribeCallback of <Record>, or statusCallbackUrl of <Transcription>.",
        ),
        Place(
            MESSAGE,
            "A message comes in",
            "Phone number → Messaging configuration → “A message comes in”, webhook, HTTP POST. No reply is sent; your "
            "own TwiML goes on behind it with ?next=.",
            twiml=True,
        ),
        Place(
            MESSAGE_STATUS,
            "Message status",
            "StatusCallback of each message that your program sends. The provider does not tell the text here: add "
            "?content= and the text, percent-encoded.",
        ),
    )
}


def path_of(source: IngestSource, place: str) -> str:
    return reverse("provider-callback", args=[source.public_key, place])


def url_of(source: IngestSource, place: str, query: str = "") -> str:
    return f"{settings.PUBLIC_URL}{path_of(source, place)}" + (f"?{query}" if query else "")
