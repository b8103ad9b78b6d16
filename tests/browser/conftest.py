"""A real Chromium in front of a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support import cleaning
from tests.tools.browser import NotFound, chromium, launched

# What the pages must do with where they set no policy themselves: nothing inline, nothing from elsewhere.
POLICY = "default-src 'self'; media-src https: http:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

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


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page under a strict content security policy; whatever it complains about on its console fails the test."""
    complaints: list[str] = []
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        shown = context.new_page()
        shown.route("**/*", _with_policy)
        shown.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        yield shown
        # What is still being fetched must not be answered after the end.
        shown.unroute_all(behavior="ignoreErrors")
    assert complaints == []


def _with_policy(route: Route) -> None:
    if not route.request.url.startswith(("http://localhost", "http://127.0.0.1")):
        route.abort()
        return
    answer = route.fetch(max_redirects=0)
    route.fulfill(response=answer, headers={"content-security-policy": POLICY, **answer.headers})
