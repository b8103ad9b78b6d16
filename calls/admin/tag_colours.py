"""Tags with their colours: a dot in the tag's colour before its name, so that the words stay readable.

Colours are names, as the vendor's API has them (`red1`, `gray2`), or codes such as #3b8fa5. Our policy allows no style
in the page, so names are classes of call.css, and a code is the fill of the dot."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.html import format_html, format_html_join

from ..models import Tag

FAMILIES = ("gray", "blue", "cyan", "teal", "purple", "pink", "red", "orange", "yellow", "green")
_NAMED = re.compile(rf"({'|'.join(FAMILIES)}|grey)\d?", re.IGNORECASE)
_CODE = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


def draw_dot(colour: str) -> str:
    """Empty for a colour that we do not know."""
    if named := _NAMED.fullmatch(colour.strip()):
        family = named[1].lower().replace("grey", "gray")
        return format_html(
            '<svg class="tag-dot is-{}" viewBox="0 0 8 8" aria-hidden="true">{}</svg>', family, _circle()
        )
    if _CODE.fullmatch(colour.strip()):
        return format_html(
            '<svg class="tag-dot" viewBox="0 0 8 8" fill="{}" aria-hidden="true">{}</svg>', colour.strip(), _circle()
        )
    return ""


def draw_tag(tag: Tag) -> str:
    return format_html('<span class="tag">{}{}</span>', draw_dot(tag.color), tag.name)


def draw_tags(tags: Iterable[Tag], *, most: int = 0) -> str:
    """The tags, or the first `most` and how many more there are. Those never wrap."""
    given = list(tags)
    if not given:
        return "–"
    shown = format_html_join("", "{}", ((draw_tag(tag),) for tag in (given[:most] if most else given)))
    if not most:
        return format_html('<span class="tags wrap">{}</span>', shown)
    if len(given) > most:
        rest = ", ".join(tag.name for tag in given[most:])
        shown = format_html('{}<span class="tag more" title="{}">+{}</span>', shown, rest, len(given) - most)
    return format_html('<span class="tags">{}</span>', shown)


def _circle() -> str:
    return format_html('<circle cx="4" cy="4" r="{}"/>', 4)
