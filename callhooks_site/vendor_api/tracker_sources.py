"""A tracking number's marketing source: one text here, an object of a type at the vendor."""

from __future__ import annotations

import re
from typing import Any

_SEARCH = re.compile(r"(google|yahoo|bing)(?:_(paid|organic|all))?")
_CODES = {
    "google_ads": {"type": "search", "search_engine": "google", "search_type": "paid"},
    "google_ad_extension": {"type": "google_ad_extension"},
    "google_my_business": {"type": "google_my_business"},
    "mobile_ad_extension": {"type": "mobile_ad_extension"},
    "direct": {"type": "direct"},
    "facebook": {"type": "facebook_all"},
    "": {"type": "all"},
}


# The vendor's types of source trackers.
TYPES = frozenset(
    """
    all landing_url landing_params offline web_referrer direct search google_ad_extension mobile_ad_extension
    google_my_business facebook_all bing_all
    """.split()
)


def is_known(source: Any) -> bool:
    """Whether it is the object of a type that the vendor has, with texts in it."""
    return (
        isinstance(source, dict)
        and all(isinstance(value, str) for value in source.values())
        and source.get("type") in TYPES
    )


def to_object(source: str) -> dict[str, Any]:
    code = "_".join(source.lower().split())
    search = _SEARCH.fullmatch(code)
    if search:
        return {"type": "search", "search_engine": search[1], "search_type": search[2] or "all"}
    if code in _CODES:
        return dict(_CODES[code])
    if re.fullmatch(r"[\w-]+(\.[\w-]+)+", code):
        return {"type": "web_referrer", "referrer": source}
    return {"type": "offline"}


def from_object(source: Any) -> str:
    """The text of which `to_object` would make this again, as far as the vendor's types reach."""
    kind = source.get("type", "") if isinstance(source, dict) else ""
    if kind == "search":
        engine, how = source.get("search_engine", "all"), source.get("search_type", "all")
        return str(engine if how == "all" else f"{engine}_{how}")
    if kind == "web_referrer":
        return str(source.get("referrer", ""))
    known = {"facebook_all": "facebook", "bing_all": "bing", "all": ""}
    return str(known.get(kind, kind))
