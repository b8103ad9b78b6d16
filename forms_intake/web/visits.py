"""From which visit a form came: one visit's set, never half of two. No Django."""

from __future__ import annotations

from collections.abc import Mapping

from .touches import parse_query

# Columns of a form and their lengths. Longer values are cut: a long advertising URL must not lose a customer.
ATTRIBUTION = {
    "form_url": 2048, "landing_page_url": 2048, "referrer": 2048, "referring_url": 2048,
    "source": 200, "medium": 200, "campaign": 500, "keywords": 500,
    "utm_source": 500, "utm_medium": 500, "utm_campaign": 500,
}  # fmt: skip
# Taken from a page's URL unless the form names them.
FROM_UTM = {"source": "utm_source", "medium": "utm_medium", "campaign": "utm_campaign", "keywords": "utm_term"}
_OF_A_CAMPAIGN = (*FROM_UTM, *FROM_UTM.values(), "utm_content")
CLICK_IDS = ("gclid", "gbraid", "wbraid", "fbclid", "msclkid", "ttclid", "li_fat_id")


def complete_attribution(given: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, str]:
    """What the form names, with what the URLs say of the same visit: that of the landing page, or where none is named,
    of the form's own page."""
    told = {**{name: fields[name] for name in ("utm_term", "utm_content") if fields.get(name)}, **given}
    visit = _set_of(told)
    page = given.get("landing_page_url") or given.get("form_url", "")
    of_page = _set_of(parse_query(page))
    if all(visit.get(name, value) == value for name, value in of_page.items()):
        visit = {**of_page, **visit}
    known = {name: visit[utm] for name, utm in FROM_UTM.items() if visit.get(utm)} | visit
    found = {**known, **given}
    return {name: found[name][:length] for name, length in ATTRIBUTION.items() if found.get(name)}


def _set_of(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values[name] for name in _OF_A_CAMPAIGN if values.get(name)}
