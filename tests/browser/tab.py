"""A tab that all tests use, one after the other: to open one takes a second of CPU, to empty it next to none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize

SIZE: ViewportSize = {"width": 1280, "height": 900}


class Tab:
    """A test that adds a script to every page (`add_init_script`) opens a context of its own: it cannot be removed."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self._browser, self._options = browser, options
        self._page: Page | None = None
        self._complaints: list[str] = []

    @contextmanager
    def emptied(self) -> Iterator[Page]:
        """Its page as if it were new. Whatever the pages complain about on their console fails the test."""
        page = self._page or self._open()
        self._page = None  # a test that fails may leave it in any state: the next one opens another
        self._complaints.clear()
        try:
            yield page
            page.unroute_all(behavior="ignoreErrors")
            self._empty(page)
            self._page = page
        finally:
            if self._page is None:
                page.context.close()
        assert self._complaints == [], "\n".join(self._complaints)

    def close(self) -> None:
        if self._page is not None:
            self._page.context.close()

    def _open(self) -> Page:
        page = self._browser.new_context(viewport=SIZE, reduced_motion="reduce", **self._options).new_page()
        page.on("console", lambda message: self._heard(page, message))
        page.on("pageerror", lambda error: self._complain(str(error)))
        return page

    def _heard(self, page: Page, message: ConsoleMessage) -> None:
        # That the page as a whole is refused is what a test may be about.
        is_whole = message.location["url"] == page.url and message.text.startswith("Failed to load resource")
        if message.type == "error" and not is_whole:
            self._complain(f"{message.location['url']}: {message.text}")

    def _complain(self, text: str) -> None:
        self._complaints.append(text)

    def _empty(self, page: Page) -> None:
        """The next test's page has another origin, or the same with nothing kept."""
        for other in page.context.pages:
            if other != page:
                other.close()
        if page.url.startswith("http"):
            page.evaluate("localStorage.clear(), sessionStorage.clear()")
        page.goto("about:blank")  # what is still being fetched must not be answered after the end
        page.context.clear_cookies()
        page.context.clear_permissions()
        page.set_viewport_size(SIZE)
        page.emulate_media(color_scheme="null")
