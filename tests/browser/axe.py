"""What axe finds of the pages for those who cannot see them well."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Only what is serious comes back, and without a selector for each element: to make one costs more than to look at it.
_RUN = """options => axe.run(options).then(found => found.violations
    .filter(rule => ['serious', 'critical'].includes(rule.impact))
    .map(rule => [rule.id, rule.help, rule.nodes.slice(0, 3).map(node => node.html.slice(0, 150))]))"""


def find_serious(page: Page, *rules: str) -> list[str]:
    """A line for each serious violation of these rules, or of all. The page must let axe set styles."""
    options: dict[str, Any] = {"resultTypes": ["violations"], "selectors": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [f"{page.url}: {rule}: {says}: {nodes}" for rule, says, nodes in page.evaluate(_RUN, options)]
