"""The contract's rules of firing, written a second time in another way: the events that the callbacks must lead to.

It looks at nothing of the service. A call is known once a callback says who calls whom, and has ended once its final
state is told. It was answered if somebody talked, by what the callbacks that came say of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulate.scenarios import Callback, CallScenario


@dataclass
class Expected:
    """Of a company that waits for recordings and not for transcriptions."""

    inbound: bool
    seen: set[str] = field(default_factory=set)
    came: set[int] = field(default_factory=set)
    events: list[str] = field(default_factory=list)

    def take(self, callback: Callback) -> None:
        self.came.add(id(callback))
        new = set(callback.facts.split()) - self.seen
        self.seen |= new
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
    def ended(self) -> bool:
        return "ended" in self.seen

    @property
    def answered(self) -> bool:
        # Twilio transcribes only messages: that one was left is known by either of the two.
        talked = self._connected() or (self._picked_up() and not {"message", "transcription"} & self.seen)
        return talked if self.inbound or "leg" in self.seen else "own" in self.seen

    @property
    def voicemail(self) -> bool:
        return self.inbound and not self.answered and bool({"message", "transcription"} & self.seen)

    def customer(self, scenario: CallScenario) -> str:
        """Of a call out whose leg nothing has told of, whoever was called: an agent looks like a customer then."""
        own = {one.fields.get("To") for one in scenario.callbacks if "parties" in one.facts.split()}
        return scenario.customer if self.inbound or "leg" in self.seen else str(own.pop())

    def _connected(self) -> bool:
        conference = {"caller", "agent"} <= self.seen
        return conference or "talk" in self.seen or bool(self._of_legs("bridged") - self._of_legs("machine"))

    def _picked_up(self) -> bool:
        refused = self._of_legs("refused") | self._of_legs("machine")
        if self._of_legs("pickup") - refused:
            return True
        # A <Dial>'s recording is one of a talk, unless something says how a leg or the <Dial> ended.
        known = refused | self._of_legs("over") | self._of_legs("pickup")
        return self.inbound and "recording" in self.seen and not known

    def _of_legs(self, word: str) -> set[str]:
        return {fact.partition(":")[2] for fact in self.seen if fact.partition(":")[0] == word}

    def _fire(self, new: set[str]) -> None:
        if "post_call" in self.events:
            changes = {"recording": "recording_duration", "message": "recording_duration",
                       "transcription": "transcription_text"}  # fmt: skip
            told = [changes[name] for name in sorted(new) if name in changes]
            if told:
                self.events.append("call_modified:" + ",".join(told))
            return
        if self.inbound and not self.ended and not self.events and not self.answered and not self.voicemail:
            self.events.append("pre_call")
        if self.inbound and not self.ended and self.answered and "call_routing_complete" not in self.events:
            self.events.append("call_routing_complete")
        to_record = self.answered or self.voicemail or not self.inbound
        recorded = bool({"recording", "message"} & self.seen)
        # Without a recording to wait for it waits for a short time, until all of these callbacks have come.
        if self.ended and recorded and to_record:
            self.events.append("post_call")


def expect(scenario: CallScenario) -> Expected:
    return Expected(scenario.inbound)
