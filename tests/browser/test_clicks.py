"""What a first-time user does, by clicking only, from Home: each task in few clicks, as the guide promises."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from subscriptions.models import Delivery, Invitation
from tests.browser.visiting import visit_as
from tests.support import factories
from tests.support.drains import drain_until, nothing_pending

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Visitor:
    """Counts clicks since Home."""

    def __init__(self, page: Page, home: str) -> None:
        self.page, self.home_url, self.clicks = page, home, 0

    def home(self) -> None:
        self.page.goto(self.home_url)
        self.clicks = 0

    def click(self, target: Locator) -> None:
        target.first.click()
        self.clicks += 1

    def link(self, name: str, *, within: str = "body") -> None:
        self.click(self.page.locator(within).get_by_role("link", name=name, exact=True))


def test_each_task_takes_few_clicks(page: Page, live_server, receiver):
    company = factories.make_company(recording_expected=False, transcription_expected=False)
    visit_as(page, live_server, factories.make_member(company, "owner"))
    visitor = Visitor(page, live_server.url + reverse("admin:index"))

    # First subscription to first webhook.
    visitor.home()
    visitor.link("Add subscription")
    page.get_by_label("Name").fill("CRM")
    page.get_by_label("URL").fill(receiver.url)
    visitor.click(page.get_by_role("checkbox", name="All events"))
    visitor.click(page.get_by_role("button", name="Save", exact=True))
    drain_until(nothing_pending)
    expect(page.locator(".lead")).to_contain_text("Accepted (200)")
    assert visitor.clicks <= 8
    assert receiver.got

    # Why did it fail?
    receiver.answer = lambda got: (401, {}, b"who are you?")
    tracker = factories.make_tracker(company, source="google")
    factories.make_call(company, tracker, customer_name="Ann Example")
    drain_until(lambda: Delivery.objects.filter(event__test=False, attempts__gt=0).exists())
    visitor.home()
    visitor.link("Activity", within="nav[aria-label=Main]")
    visitor.click(page.get_by_role("link", name="Trying again"))
    expect(page.locator(".advice")).to_contain_text("Enter the login")
    assert visitor.clicks <= 2

    # Mended: send it, from where one stands.
    receiver.answer = lambda got: (200, {}, b"")
    visitor.clicks = 0
    visitor.click(page.get_by_role("button", name="Send now"))
    drain_until(nothing_pending)
    assert visitor.clicks <= 2
    assert not Delivery.objects.exclude(state="delivered").exists()

    # Did the webhook for this caller arrive?
    visitor.home()
    visitor.click(page.get_by_role("searchbox", name="Search everything"))
    page.keyboard.type("Ann Example")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Delivered")
    assert visitor.clicks <= 2

    # Who called most from Google this month?
    visitor.home()
    visitor.link("Reports", within="nav[aria-label=Main]")
    visitor.click(page.locator("main").get_by_role("link", name="Google"))
    expect(page.locator("section", has_text="Who called most from").last).to_contain_text("Ann Example")
    assert visitor.clicks <= 2

    # Invite somebody.
    visitor.home()
    visitor.link("Invite a colleague")
    page.get_by_label("Email").fill("ben@example.com")
    visitor.click(page.locator("main").get_by_role("button", name="Send invitation"))
    expect(page.locator(".messagelist")).to_contain_text("ben@example.com")
    assert visitor.clicks <= 3
    assert Invitation.objects.get().email == "ben@example.com"
