"""Whether a shape that somebody asks for is one. Raises ValueError with words that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from .. import catalogue, versions
from ..payload_schemas import build_schema
from . import placeholders, wording
from .formats import CHATS, FORMATS
from .masks import KINDS

PARTS = ("only", "leave_out", "rename", "mask", "transcripts", "format", "messages")
OF_KEYS = ("only", "leave_out", "rename")
LONGEST_NAME = 64
_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_.-]{{0,{LONGEST_NAME - 1}}}")


def known_keys(event_types: Iterable[str] | None = None) -> list[str]:
    """The top-level keys of these events' bodies (None: of all), in all payload versions, in the bodies' order."""
    names = [each.name for each in catalogue.all_types()] if event_types is None else event_types
    found: dict[str, None] = {}
    for name in names:
        for version in versions.all_versions():
            found |= dict.fromkeys(_keys_of(name, version.name))
    return list(found)


@lru_cache(maxsize=128)  # 15 ms each, and a page asks for all
def _keys_of(event_type: str, version: str) -> tuple[str, ...]:
    return tuple(build_schema(catalogue.serializer_of(catalogue.get(event_type), version))["properties"])


def validate(shape: Any) -> dict[str, Any] | None:
    """The shape without what asks for nothing; None if nothing is left. Raises ValueError."""
    if shape is None:
        return None
    if not isinstance(shape, dict):
        raise ValueError(f"A shape is null or an object with some of: {', '.join(PARTS)}.")
    if unknown := [str(name) for name in shape if name not in PARTS]:
        raise ValueError(f"A shape has no {unknown[0][:60]!r}. It may have: {', '.join(PARTS)}.")
    keys = known_keys()
    checked: dict[str, Any] = {}
    if "only" in shape and "leave_out" in shape:
        raise ValueError("Give only or leave_out, not both.")
    for part in ("only", "leave_out"):
        if part in shape:
            checked[part] = _keys(part, shape[part], keys)
    if "only" in checked and not checked["only"]:
        raise ValueError("only: name one key at least, or leave it out for all.")
    checked["rename"] = _renamed(shape.get("rename", {}), checked, keys)
    checked["mask"] = _masks(shape.get("mask", []))
    transcripts = shape.get("transcripts", True)
    if not isinstance(transcripts, bool):
        raise ValueError("transcripts must be true or false.")
    if not transcripts:
        checked["transcripts"] = False
    checked |= _format(shape, checked)
    return {part: value for part, value in checked.items() if value not in ([], {})} or None


def _format(shape: dict[str, Any], checked: dict[str, Any]) -> dict[str, Any]:
    chosen, messages = shape.get("format"), shape.get("messages", {})
    if chosen is not None and not (isinstance(chosen, str) and chosen in FORMATS):
        raise ValueError(f"format: there is no {str(chosen)[:60]!r}. Use one of: {', '.join(FORMATS)}, or null.")
    if chosen not in CHATS:
        if messages:
            raise ValueError(f"messages: only a chat format has them: {', '.join(CHATS)}.")
        return {} if chosen is None else {"format": chosen}
    if given := [part for part in OF_KEYS if checked.get(part)]:
        raise ValueError(f"{given[0]}: a chat message has no keys. Take this out, or choose another format.")
    if not isinstance(messages, dict) or not all(isinstance(text, str) for text in messages.values()):
        raise ValueError("messages: this must be an object of event types and their wording.")
    return {"format": chosen, "messages": {name: _wording(str(name), text) for name, text in messages.items()}}


def _wording(name: str, text: str) -> str:
    types = [each.name for each in catalogue.all_types()]
    if name not in types:
        raise ValueError(f"messages: there is no event {name[:60]!r}. Known are: {', '.join(types)}.")
    names = [*placeholders.named(name), *known_keys([name])]
    try:
        return wording.check(text, frozenset(names), names)
    except ValueError as error:
        raise ValueError(f"messages: {catalogue.label(name)}: {error}") from None


def _keys(part: str, given: Any, known: list[str]) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise ValueError(f"{part}: this must be a list of keys.")
    for each in given:
        _check_key(part, each, known)
    return list(dict.fromkeys(given))


def _check_key(part: str, key: str, known: list[str]) -> None:
    if key in known:
        return
    near = get_close_matches(key[:LONGEST_NAME], known, 3, 0.6)
    hint = f" Did you mean {' or '.join(near)}?" if near else " The event catalogue has the keys of each body."
    raise ValueError(f"{part}: no body has a key {key[:60]!r}.{hint}")


def _renamed(given: Any, chosen: dict[str, Any], known: list[str]) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(each, str) for pair in given.items() for each in pair):
        raise ValueError("rename: this must be an object of keys and their new names.")
    names = {key: name for key, name in given.items() if key != name}
    sent = [key for key in chosen.get("only", known) if key not in chosen.get("leave_out", ())]
    for key, name in names.items():
        _check_key("rename", key, known)
        if key not in sent:
            raise ValueError(f"rename: {key} is not sent. Take it out of rename, or send it.")
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"rename: {name[:80]!r} cannot be a name. Use letters without accents, digits, _ . and -, at most "
                f"{LONGEST_NAME}, a letter or _ first."
            )
    after = [names.get(key, key) for key in sent]
    if twice := [name for name in after if after.count(name) > 1]:
        raise ValueError(f"rename: two keys would be named {twice[0]}. Choose another name, or leave one of them out.")
    return names


def _masks(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise ValueError(f"mask: this must be a list with some of: {', '.join(KINDS)}.")
    if unknown := [each for each in given if each not in KINDS]:
        raise ValueError(f"mask: there is no {unknown[0][:60]!r}. Use some of: {', '.join(KINDS)}.")
    return [kind for kind in KINDS if kind in given]
