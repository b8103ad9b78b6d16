"""The pages and buttons that the guide for company admins names are those of the admin."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide.md"
APPS = ("calls", "callhooks_site", "forms_intake", "messaging", "subscriptions")
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
# What is filled in (`Join Acme Dental`), and the button whose whole label is three dots.
FILLED_IN = " …"
DOTS = "…"


def named() -> list[str]:
    """Pages, buttons and fields: what is bold, and each step of `Settings → Members`."""
    steps = (step for bold in BOLD.findall(GUIDE.read_text("utf-8")) for step in bold.split("→"))
    return sorted({" ".join(step.split()) for step in steps} - {DOTS})


@lru_cache
def written() -> str:
    """All that templates and code write. A field without a label is called what its column is called."""
    files = [*(ROOT / "templates").rglob("*.html")]
    files += [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    text = "\n".join(path.read_text("utf-8") for path in files)
    text = text.replace("{{ opts.verbose_name }}", "call")  # of a page for calls, texts and forms
    return " ".join(text.replace("_", " ").replace("’", "'").lower().split())


@pytest.mark.parametrize("name", named())
def test_the_admin_has_it(name: str):
    found = name.removesuffix(FILLED_IN).replace("’", "'").lower() in written()
    assert found, f"No template and no code writes {name!r}. Name it as the admin does, or do not print it bold."


def test_the_guide_names_what_people_look_for():
    assert {"Add subscription", "Send a test…", "Send now", "Invite a colleague", "New signing key…"} <= {*named()}
