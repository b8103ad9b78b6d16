"""A real Chromium in front of a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.tab import Tab
from tests.support import cleaning
from tests.tools.browser import NotFound, chromium, launched

# Playwright's five seconds are short for a page of a busy machine; whatever comes is taken at once.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="module", autouse=True)
def cleaned_by_deleting() -> Iterator[None]:
    # Django has another connection while Playwright's event loop runs than before and after; nobody would close it.
    with cleaning.cleaned_by_deleting(keep_connection=False):
        yield


def _as_long_as_nobody_minds(fixture_name: str, config: pytest.Config) -> Literal["session", "module"]:
    """Playwright keeps an event loop in this thread as long as it runs, and Django takes what runs in such a thread for
    asynchronous code: so a browser is for the whole run only where no other tests are in it. To start one takes 4 s of
    CPU."""
    return "session" if all("tests/browser" in given for given in config.args) else "module"


@pytest.fixture(scope=_as_long_as_nobody_minds)
def browser(django_db_setup: None) -> Iterator[Browser]:
    try:
        chromium()
    except NotFound as error:
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch, launched() as running:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield running


@pytest.fixture(scope=_as_long_as_nobody_minds)
def tab(browser: Browser) -> Iterator[Tab]:
    tab = Tab(browser)
    yield tab
    tab.close()


@pytest.fixture(scope=_as_long_as_nobody_minds)
def tab_for_axe(browser: Browser) -> Iterator[Tab]:
    """It sets styles to measure, which our policy refuses."""
    tab = Tab(browser, bypass_csp=True)
    yield tab
    tab.close()


@pytest.fixture
def page(tab: Tab) -> Iterator[Page]:
    """A page as if it were new; the service's own policy says what it may load."""
    with tab.emptied() as page:
        yield page


@pytest.fixture
def page_for_axe(tab_for_axe: Tab) -> Iterator[Page]:
    with tab_for_axe.emptied() as page:
        yield page
