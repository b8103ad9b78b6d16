"""What a first-time user does in few clicks from Home. A click into a field counts, typing does not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visiting import visit_as
from tests.support import factories
from tests.support.drains import drain_until, nothing_pending

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Visitor:
    """Somebody with a mouse, who begins at Home."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def type_into(self, name: str, text: str) -> None:
        self.click(self.page.get_by_role("textbox", name=name, exact=True))
        self.page.keyboard.type(text)


def test_from_the_first_subscription_to_the_first_webhook_in_8(page: Page, live_server, receiver):
    visit_as(page, live_server, factories.make_member(factories.make_company(), "owner"))
    visitor, main = Visitor(page), page.locator("main")
    visitor.click(main.get_by_role("link", name="Add subscription", exact=True))
    visitor.type_into("Name", "CRM")
    visitor.type_into("URL", receiver.url)
    visitor.click(page.get_by_role("checkbox", name="All events"))
    visitor.click(main.get_by_role("button", name="Save", exact=True))
    visitor.click(main.get_by_role("button", name="Send test", exact=True))
    drain_until(nothing_pending)
    expect(page.locator(".lead")).to_contain_text("Accepted (200)")
    assert visitor.clicks <= 8
    assert len(receiver.got) == 1
