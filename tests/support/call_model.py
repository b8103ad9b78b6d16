"""The contract's rules of firing, told a second time and in another way, for calls that live in memory.

A `Life` knows what a call's fields are and what was told of it. Transactions and savepoints are copies that are kept or
thrown away; what a call_modified says comes from comparing the ends of a transaction, not its steps.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

# What a call is made of here; everything else a call has changes nothing.
FIELDS: dict[str, Any] = {
    "routed": False,
    "answered": False,
    "ended": False,
    "voicemail": False,
    "recording_duration": None,
    "transcription_text": "",
    "note": "",
    "value": None,
    "lead_status": "",
    "lead_status_by": "person",
    "custom": "",
}


@dataclass
class Told:
    """An event: its type, a call_modified's `changes`, and what its body says of the watched fields."""

    type: str
    changes: list[str] = field(default_factory=list)
    says: dict[str, Any] = field(default_factory=dict)


@dataclass
class Life:
    inbound: bool
    expects_recording: bool
    expects_transcription: bool
    fields: dict[str, Any] = field(default_factory=lambda: dict(FIELDS))
    tags: frozenset[str] = frozenset()
    told: list[Told] = field(default_factory=list)

    def snapshot(self) -> Life:
        return copy.deepcopy(self)

    def go_back_to(self, earlier: Life) -> None:
        self.__dict__.update(copy.deepcopy(earlier.__dict__))

    def types(self) -> list[str]:
        return [event.type for event in self.told]

    # --- rules that look at the call as a save leaves it ----------------------------------------------------------
    def saved(self) -> None:
        """The call was saved, or a tag put on or taken off: what has its moment now is told, if it never was."""
        now = self.fields
        if self.inbound and "post_call" not in self.types():
            connected = now["routed"] or now["answered"]
            if not connected and not now["voicemail"] and not now["ended"] and not self.told:
                self.told.append(Told("pre_call"))
            if connected and not now["ended"] and "call_routing_complete" not in self.types():
                self.told.append(Told("call_routing_complete"))
        if now["ended"] and self._has_all_it_waits_for():
            self._tell_post_call()

    def waited_long_enough(self) -> None:
        if self.waits():
            self._tell_post_call()

    def waits(self) -> bool:
        return bool(self.fields["ended"]) and "post_call" not in self.types()

    def _has_all_it_waits_for(self) -> bool:
        now = self.fields
        # An outbound call here is always some seconds long.
        somebody_talked = now["answered"] or now["voicemail"] or not self.inbound
        recording_is_missing = self.expects_recording and now["recording_duration"] is None
        transcription_is_missing = self.expects_transcription and not now["transcription_text"]
        return not somebody_talked or not (recording_is_missing or transcription_is_missing)

    def _tell_post_call(self) -> None:
        if "post_call" not in self.types():
            self.told.append(Told("post_call"))

    # --- the rule that looks at a transaction's ends --------------------------------------------------------------
    def committed(self, before: Life) -> None:
        """The transaction that began with `before` commits."""
        if "post_call" in before.types():
            if changes := self._changes_since(before):
                self.told.append(Told("call_modified", changes, self._says()))
        else:
            for event in self.told:
                if event.type == "post_call":
                    event.says = self._says()

    def _changes_since(self, before: Life) -> list[str]:
        changed = {name for name in FIELDS if self.fields[name] != before.fields[name]}
        return [
            name
            for name, is_changed in (
                ("tags", self.tags != before.tags),
                ("note", "note" in changed),
                ("value", "value" in changed),
                ("transcription_text", "transcription_text" in changed),
                ("recording_duration", "recording_duration" in changed),
                ("auto_score", "lead_status" in changed and self.fields["lead_status_by"] == "rule"),
                ("manual_score", "lead_status" in changed and self.fields["lead_status_by"] == "person"),
            )
            if is_changed
        ]

    def _says(self) -> dict[str, Any]:
        now = self.fields
        return {
            "tags": sorted(self.tags),
            "note": now["note"],
            "value": "" if now["value"] is None else f"{now['value']}.00",
            "transcription": now["transcription_text"],
            "recording_duration": "" if now["recording_duration"] is None else now["recording_duration"],
            "lead_status": now["lead_status"],
        }
