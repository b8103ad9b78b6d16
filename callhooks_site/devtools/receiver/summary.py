"""One line that says what a webhook is about."""

import json
from typing import Any

SHORT = 60


def summarise(event: str, body: bytes) -> str:
    """Plain words for a person; not yet safe for a terminal. Says so when the body is not a JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return f"not JSON, {len(body)} bytes"
    if not isinstance(found, dict):
        return f"not a JSON object, {len(body)} bytes"
    if "form_data" in found:
        return _form(found)
    if "content" in found:
        return _text_message(found)
    if "call_type" in found:
        return _call(event, found)
    return f"{len(body)} bytes, keys: {_list(list(found))}"


def _call(event: str, call: dict[str, Any]) -> str:
    number = _text(call, "customer_phone_number")
    who = " ".join(part for part in (_text(call, "customer_name"), number) if part) or "unknown"
    kind = _text(call, "formatted_call_type") or _text(call, "call_type")
    if event == "pre_call":
        # A ringing call is a "missed" one until it is answered: true, but no help to a reader.
        return f"{who} calls {_text(call, 'source_name') or _text(call, 'tracking_phone_number')}"
    if event == "call_routing_complete":
        return f"{who} → {_text(call, 'business_phone_number') or '?'} · {kind}"
    parts = [who, kind, _text(call, "formatted_duration")]
    if event == "call_modified":
        parts.append(f"changed: {_list(call.get('changes')) or 'nothing'}")
    else:
        parts += [word for word in ("recording", "transcription") if call.get(word)]
    return " · ".join(part for part in parts if part)


def _text_message(text: dict[str, Any]) -> str:
    media = text.get("media_urls")
    more = f" · {len(media)} media" if isinstance(media, list) and media else ""
    route = f"{_text(text, 'source_number')} → {_text(text, 'destination_number')}"
    return f"{route} · “{_short(_text(text, 'content'))}”{more}"


def _form(form: dict[str, Any]) -> str:
    data = form["form_data"]
    fields = ", ".join(f"{name}: {value}" for name, value in data.items()) if isinstance(data, dict) else ""
    first = " · first form" if form.get("first_form") is True else ""
    return f"{_short(fields) or 'an empty form'}{first}"


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""


def _list(value: object) -> str:
    return _short(", ".join(str(item) for item in value)) if isinstance(value, list) else ""


def _short(text: str) -> str:
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"
