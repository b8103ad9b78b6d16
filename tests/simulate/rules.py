"""The contract's rules of firing, written a second time in another way: the events that the callbacks must lead to.

It looks at nothing of the service. A call is known once a callback says who calls whom; it is answered once one says so
of the leg (or, of a call to a customer, of the call), or a <Dial>'s recording shows it; it has ended once its final
state is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulate.scenarios import Callback, CallScenario


@dataclass
class Expected:
    """Of a company that waits for recordings and not for transcriptions."""

    inbound: bool
    seen: set[str] = field(default_factory=set)
    events: list[str] = field(default_factory=list)

    def take(self, callback: Callback) -> None:
        new = set(callback.facts.split()) - self.seen
        self.seen |= new
        # Twilio transcribes only messages: that one was left is known by either of the two.
        if "parties" in self.seen and new:
            self._fire(new)

    def finish(self) -> None:
        """Nothing more comes, and all waiting times are over."""
        if "parties" in self.seen and "post_call" not in self.events:
            self.events.append("post_call")

    @property
    def exists(self) -> bool:
        return "parties" in self.seen

    @property
    def answered(self) -> bool:
        if "answer" in self.seen:
            return True
        # A <Dial>'s recording is one of a talk, unless something says that nobody was reached.
        return self.inbound and "recording" in self.seen and "missed" not in self.seen

    @property
    def voicemail(self) -> bool:
        return self.inbound and not self.answered and bool({"message", "transcription"} & self.seen)

    def _fire(self, new: set[str]) -> None:
        ended = "end" in self.seen
        if "post_call" in self.events:
            changes = {"recording": "recording_duration", "message": "recording_duration",
                       "transcription": "transcription_text"}  # fmt: skip
            told = [changes[name] for name in sorted(new) if name in changes]
            if told:
                self.events.append("call_modified:" + ",".join(told))
            return
        if self.inbound and not ended and not self.events and not self.answered and not self.voicemail:
            self.events.append("pre_call")
        if self.inbound and not ended and self.answered and "call_routing_complete" not in self.events:
            self.events.append("call_routing_complete")
        to_record = self.answered or self.voicemail or not self.inbound
        recorded = bool({"recording", "message"} & self.seen)
        # Without a recording to wait for it waits for a short time, until all of these callbacks have come.
        if ended and recorded and to_record:
            self.events.append("post_call")


def expect(scenario: CallScenario) -> Expected:
    return Expected(scenario.inbound)
