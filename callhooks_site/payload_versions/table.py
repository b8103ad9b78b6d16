"""All payload versions, the default first. To add one: a module like `wire_2026_05`, and a line here."""

from . import article, wire_2026_05

VERSIONS = (
    article.VERSION,
    wire_2026_05.VERSION,
)
