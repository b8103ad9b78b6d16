"""Lucide icons as inline SVG. The files and their licence are in templates/icons."""

from __future__ import annotations

import re
from functools import cache

from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

SIZES = {14: " i-14", 16: "", 20: " i-20"}

# Lucide draws attributes and elements in the file; only its shapes are taken, the look is in base.css.
_SHAPES = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)


def icon(name: str, size: int = 16) -> SafeString:
    """An icon that stands before a word, so it is hidden from screen readers. Raises TemplateDoesNotExist for a name
    without a file, and KeyError for another size than 14, 16 or 20."""
    return format_html('<svg class="i{}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', SIZES[size], _shapes(name))


@cache
def _shapes(name: str) -> SafeString:
    found = _SHAPES.search(get_template(f"icons/{name}.svg").template.source)  # type: ignore[attr-defined]
    if found is None:
        raise ValueError(f"templates/icons/{name}.svg holds no <svg>.")
    return mark_safe(re.sub(r"\s+", " ", found[1]).replace("> <", "><").strip())
