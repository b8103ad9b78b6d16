"""The words of other systems for how a call ended. No Django."""

from __future__ import annotations

ANSWERED, MISSED, VOICEMAIL, ABANDONED = "answered", "missed", "voicemail", "abandoned"
INBOUND, OUTBOUND = "inbound", "outbound"
_WORDS = {
    ANSWERED: "answered, answer, answered call, yes, true, completed, complete, connected, call connected, accepted, "
    "talked, success, successful, in progress, contacted, received",
    MISSED: "missed, missed call, no, false, no answer, noanswer, not answered, unanswered, no response, busy, "
    "line busy, failed, fail, canceled, cancelled, rejected, declined, congestion, wrong number, blocked, suspended, "
    "ip phone offline, no calling credit, not allowed, redirected, internal error, missed internal, timeout, "
    "receive error, stopped, unknown, partial receive",
    VOICEMAIL: "voicemail, voice mail, left voicemail, voicemail transcription, sent to voicemail, voicemail left",
    ABANDONED: "abandoned, abandoned call, hang up, hangup, caller hung up, hung up, short abandoned",
    INBOUND: "inbound, inbound call, incoming, incoming call",
    OUTBOUND: "outbound, outbound call, outgoing, outgoing call",
}
_RESULTS = {word.strip(): result for result, words in _WORDS.items() for word in words.split(",")}


class LeftOut(Exception):
    """The row is no call of its own. The message completes “left out, because it is …”."""


class WrongCell(ValueError):
    """A cell of a helper column cannot be read."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.name = name


def read_result(text: str) -> str:
    """One of the results or directions above. Raises WrongCell."""
    word = " ".join(text.lower().replace("-", " ").replace("_", " ").split())
    if word not in _RESULTS:
        raise WrongCell(
            "call_status",
            f"“{text[:60]}” is not known. Write answered, missed, voicemail or abandoned, or leave this column out.",
        )
    return _RESULTS[word]
