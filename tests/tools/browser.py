"""The system's Chromium, for pictures and tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# It asks nobody anything on its own.
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


class NotFound(Exception):
    """There is no Chromium; the message says what was looked for."""


def chromium() -> str:
    """Its path. Raises NotFound."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NotFound(f"no Chromium on this machine (looked for {', '.join(NAMES)})")
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """Raises NotFound."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield running
        running.close()
