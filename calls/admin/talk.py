"""What was said in a call, as a conversation, and the bars of its recording."""

from __future__ import annotations

import math
import re
from bisect import bisect
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from ..call_states import seconds
from ..models import Call

SHOWN = 8  # lines that are there at once; the rest unfolds
MOST_LINES = 2_000  # of an hour's talk; a program can send any number
BARS = 150
_AGENT, _CUSTOMER = "agent", "customer"
# A line of a transcription that tells the speaker, as providers write it.
_SPOKEN = re.compile(r"\s*(Agent|Customer|Speaker(?: [\w-]{1,20})?): +(.+)", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """`start`: seconds from the beginning of the recording, None where they are not known."""

    who: str
    is_agent: bool
    text: str
    start: float | None

    @property
    def clock(self) -> str:
        return "" if self.start is None else format_clock(int(self.start))


@dataclass(frozen=True)
class Talk:
    """`lines`, or `text` where nobody told who said what. `left_out`: how many lines are not shown."""

    lines: list[Line]
    text: str
    left_out: int = 0

    @property
    def first(self) -> list[Line]:
        return self.lines[:SHOWN]

    @property
    def rest(self) -> list[Line]:
        return self.lines[SHOWN:]

    @property
    def has_times(self) -> bool:
        return any(line.start is not None for line in self.lines)


def read_talk(call: Call) -> Talk:
    names = {_AGENT: agent_name(call) or "Agent", _CUSTOMER: first_name(call.customer_name) or "Caller"}
    said: Any = call.conversational_transcript
    items = said if isinstance(said, list) else []
    lines = [_line(item, names) for item in items[:MOST_LINES] if isinstance(item, dict) and item.get("phrase")]
    if lines:
        return Talk(lines, "", max(0, len(items) - MOST_LINES))
    written = [text for text in call.transcription_text.splitlines() if text.strip()]
    spoken = [_SPOKEN.fullmatch(text) for text in written[:MOST_LINES]]
    told = [_line({"speaker": found[1], "phrase": found[2]}, names) for found in spoken if found is not None]
    if told and len(told) == len(spoken):
        return Talk(told, "", max(0, len(written) - MOST_LINES))
    return Talk([], call.transcription_text)


def agent_name(call: Call) -> str:
    """`Sam` of sam@example.com: the words before the @, which is how colleagues know each other."""
    local = call.agent_email.partition("@")[0]
    words = [word for word in re.split(r"[._+-]", local) if word]
    return " ".join(word[:1].upper() + word[1:] for word in words)


def first_name(name: str) -> str:
    return name.split()[0] if name.strip() else ""


def recording_seconds(call: Call) -> int:
    return call.recording_duration or seconds(call)


def draw_bars(call: Call, talk: Talk) -> SafeString:
    """Bars of one height, in the colours of whoever speaks: the script gives them theirs when it has heard the
    recording. In per cent, so that they stretch."""
    length = recording_seconds(call)
    known = sorted((line.start, line.is_agent) for line in talk.lines if line.start is not None) if length else []
    drawn = []
    for number in range(BARS):
        speaking = bisect(known, ((number + 0.5) / BARS * length, True)) - 1
        classes = ["agent"] if speaking >= 0 and known[speaking][1] else []
        classes += ["hide-phone"] if number % 3 else []
        drawn.append((f"{number / BARS:.2%}", " ".join(classes)))
    return format_html_join("", '<rect x="{}" width=".42%" y="17" height="10" rx="1" class="{}"/>', drawn)


def format_clock(seconds: int) -> str:
    """`1:12`, `1:02:07`"""
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def _line(item: dict[str, Any], names: dict[str, str]) -> Line:
    speaker = str(item.get("speaker") or "")
    is_agent = speaker.lower() == _AGENT
    return Line(names.get(speaker.lower(), speaker or "Somebody"), is_agent, str(item["phrase"]), _start(item))


def _start(item: dict[str, Any]) -> float | None:
    try:
        start = float(item.get("start"))  # type: ignore[arg-type]  # whatever the program sent
    except (TypeError, ValueError):
        return None
    return start if math.isfinite(start) and 0 <= start < 1_000_000 else None
