"""The first and the newest visit of whoever filled in a form, as the capture script tells them. No Django."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

VISITS = "callhooks"  # the name under which the script sends both
_TOUCHES = {"first_touch": "f", "last_touch": "l"}  # milestones of webhooks, and their names in it
_FROM_UTM = {"source": "utm_source", "medium": "utm_medium", "campaign": "utm_campaign", "keywords": "utm_term"}
_LONGEST = 2048
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()


def read_touches(text: str) -> dict[str, dict[str, Any]]:
    """The milestones that this JSON tells, with times in milliseconds since 1970. What is none is left out: it must not
    keep a form away."""
    try:
        visits = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return {}
    if not isinstance(visits, dict):
        return {}
    found = {name: _read(visits.get(key)) for name, key in _TOUCHES.items()}
    return {name: touch for name, touch in found.items() if touch}


def _read(visit: Any) -> dict[str, Any]:
    if not isinstance(visit, dict):
        return {}
    texts = {name: value for name, value in visit.items() if isinstance(value, str) and value}
    said = {replace_unstorable(name): replace_unstorable(value)[:_LONGEST] for name, value in texts.items()}
    landing, referrer = said.get("landing_page_url", ""), said.get("referring_url", "")
    params = parse_query(landing)
    utm = {name: value for name, value in (params | said).items() if name.startswith("utm_")}
    touch: dict[str, Any] = {name: utm[utm_name] for name, utm_name in _FROM_UTM.items() if utm.get(utm_name)}
    touch |= {"landing": landing, "landing_page_url_params": params, "url_utm_params": utm}
    touch |= {"referrer": said.get("referrer") or referrer, "referrer_url_params": parse_query(referrer)}
    touch["event_date"] = _date(visit.get("at"))
    return {name: value for name, value in touch.items() if value}


def _date(milliseconds: Any) -> str | None:
    if not isinstance(milliseconds, int) or not 0 < milliseconds < _LATEST * 1000:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def parse_query(url: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(urlsplit(url).query, max_num_fields=100)
    except ValueError:
        return {}
    return {replace_unstorable(name): replace_unstorable(value) for name, value in pairs}


def replace_unstorable(text: str) -> str:
    """Replace NUL and lone surrogates, which PostgreSQL cannot store."""
    return _UNSTORABLE.sub("\ufffd", text)
