"""The form of a subscription's shape (`events/shapes`): choices and lines of text, from and to the stored one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from ..events import catalogue
from ..events.shapes import placeholders, rules, wording
from ..events.shapes.formats import CHATS, FORMATS
from ..events.shapes.masks import KINDS
from .filter_form import LinesField
from .kit.forms import ExactTextField

ALL, ONLY, LEAVE_OUT = "", "only", "leave_out"
_LINES = {"rows": 4, "spellcheck": "false"}


class ShapeForm(forms.Form):
    """Its cleaned `shape` is the validated one, None for nothing."""

    format = forms.ChoiceField(
        label="What is sent",
        choices=[("", "The webhook's body, as JSON"), *FORMATS.items()],
        required=False,
        help_text="A chat message needs the address of an incoming webhook of that product as the subscription's URL.",
    )
    which = forms.ChoiceField(
        label="Keys",
        choices=[(ALL, "All"), (ONLY, "Only these"), (LEAVE_OUT, "All but these")],
        required=False,
    )
    keys = LinesField(
        label="These keys",
        required=False,
        widget=forms.Textarea(attrs=_LINES),
        help_text="One per line, such as customer_name. The table below has all of them.",
    )
    rename = LinesField(
        label="Other names",
        required=False,
        widget=forms.Textarea(attrs=_LINES),
        help_text="One per line: the key, =, its new name. For example: customer_name = name",
    )
    mask = forms.MultipleChoiceField(
        label="Mask customers'",
        choices=list(KINDS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "chips"}),
        help_text="A number keeps its last two digits, a name the first letter of each word. Notes and what people "
        "write are not searched.",
    )
    without_transcripts = forms.BooleanField(
        label="Leave out transcripts",
        required=False,
        help_text="And keywords, highlights and summaries, which tell what was said.",
    )

    def __init__(self, data: Any = None, *, shape: Mapping[str, Any] | None, events: Sequence[str]) -> None:
        """`shape` is the stored one; `events` are those that the subscription gets: each has its message."""
        stored = shape or {}
        super().__init__(data, initial=_initial(stored))
        self._events = events
        # Of events that it does not get now, and may get again.
        self._others = {name: text for name, text in stored.get("messages", {}).items() if name not in events}
        for name in events:
            known = ", ".join(f"{{{{{each}}}}}" for each in placeholders.named(name))
            key = next((each for each in rules.known_keys([name]) if each not in placeholders.named(name)), "")
            self.fields[f"message_{name}"] = ExactTextField(
                label=f"Message of {catalogue.label(name)}",
                required=False,
                initial=wording.preset(name),
                widget=forms.Textarea(attrs={"rows": 6}),
                help_text=f"{known}, and each key of its body, such as {{{{{key}}}}}.",
            )

    def messages(self) -> list[forms.BoundField]:
        return [self[f"message_{name}"] for name in self._events]

    def others(self) -> list[forms.BoundField]:
        return [bound for bound in self if not bound.name.startswith("message_")]

    def clean_rename(self) -> dict[str, str]:
        names: dict[str, str] = {}
        for line in self.cleaned_data["rename"]:
            key, sign, name = (part.strip() for part in line.partition("="))
            if not sign:
                raise forms.ValidationError(f"“{line[:60]}” has no =. Write: customer_name = name")
            if key in names:
                raise forms.ValidationError(f"{key[:60]} appears twice. Remove one.")
            names[key] = name
        return names

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned["keys"] and not cleaned["which"]:
            self.add_error("which", "Say whether only these keys are sent, or all but these.")
            return cleaned
        asked: dict[str, Any] = {"rename": cleaned["rename"], "mask": cleaned["mask"]}
        if cleaned["which"]:
            asked[cleaned["which"]] = cleaned["keys"]
        if cleaned["without_transcripts"]:
            asked["transcripts"] = False
        if cleaned["format"]:
            asked["format"] = cleaned["format"]
        if cleaned["format"] in CHATS:
            asked["messages"] = self._own_messages(cleaned)
        try:
            cleaned["shape"] = rules.validate(asked)
        except ValueError as error:
            part, _, words = str(error).partition(": ")
            place = {"only": "keys", "leave_out": "keys", "messages": self._named(words)}.get(part, part)
            self.add_error(place if place in self.fields else None, words or str(error))
        return cleaned

    def _own_messages(self, cleaned: dict[str, Any]) -> dict[str, str]:
        """Those that are not the usual ones."""
        texts = {name: cleaned[f"message_{name}"].strip() for name in self._events}
        return self._others | {name: text for name, text in texts.items() if text and text != wording.preset(name)}

    def _named(self, words: str) -> str:
        """The field of the message that an error is about."""
        about = (name for name in self._events if words.startswith(f"{catalogue.label(name)}: "))
        return f"message_{next(about, '')}"


def _initial(stored: Mapping[str, Any]) -> dict[str, Any]:
    which = next((part for part in (ONLY, LEAVE_OUT) if part in stored), ALL)
    return {f"message_{name}": text for name, text in stored.get("messages", {}).items()} | {
        "format": stored.get("format", ""),
        "which": which,
        "keys": "\n".join(stored.get(which, [])),
        "rename": "\n".join(f"{key} = {name}" for key, name in stored.get("rename", {}).items()),
        "mask": stored.get("mask", []),
        "without_transcripts": stored.get("transcripts") is False,
    }
