"""What a first-time user does in few clicks from Home. A click into a field counts, typing does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from callhooks_site.vendor_api import totals_upkeep
from calls.models import Tracker
from subscriptions.endpoints import issues, resend_jobs
from subscriptions.models import Company, Delivery, EndpointHealth, Invitation
from tests.browser.visiting import visit_as
from tests.support import factories
from tests.support.drains import drain_until, nothing_pending

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Visitor:
    """Somebody with a mouse, who begins at Home."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def go_home(self) -> None:
        self.page.goto(self.page.url.partition("/admin/")[0] + reverse("admin:index"))
        self.clicks = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def follow(self, name: str) -> None:
        self.click(self.page.locator("main").get_by_role("link", name=name, exact=True))

    def press(self, name: str) -> None:
        self.click(self.page.locator("main").get_by_role("button", name=name, exact=True))

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


def miss_call(company: Company, tracker: Tracker, **fields: str) -> None:
    """One that is over, so that it is counted and its post_call is sent."""
    now = timezone.now()
    factories.make_call(company, tracker, start_time=now, ended_at=now, **fields)


@pytest.fixture
def company(receiver) -> Company:
    """A month so far: Ann called twice, Ben once, all from Google. The first webhook was refused and is not tried
    again, the others arrived."""
    company = factories.make_company(recording_expected=False, transcription_expected=False)
    factories.make_subscription(company, url=receiver.url, events=["post_call"], retry_refusals=False)
    tracker = factories.make_tracker(company, source="google")
    ann, ben = ("Ann Example", "+12145550123"), ("Ben Example", "+12145550124")
    for status, (name, number) in ((401, ann), (200, ann), (200, ben)):
        receiver.answer = lambda got, status=status: (status, {}, b"")
        miss_call(company, tracker, customer_name=name, customer_phone_number=number)
        drain_until(nothing_pending)
    totals_upkeep.keep_up(seconds=30)
    return company


@pytest.fixture
def visitor(page: Page, live_server, company) -> Visitor:
    visit_as(page, live_server, factories.make_member(company, "owner"))
    return Visitor(page)


def test_why_did_it_fail_in_2_and_sent_again_after_the_mend_in_2(visitor: Visitor, receiver):
    visitor.follow("See what failed")
    visitor.follow("Failed")
    expect(visitor.page.locator(".health")).to_contain_text("Login required (401)")
    expect(visitor.page.locator(".advice")).to_contain_text("Enter the login that your server requires")
    assert visitor.clicks <= 2

    visitor.go_home()
    visitor.click(visitor.page.get_by_role("link", name="Open: Send it again"))
    visitor.press("Send again")
    expect(visitor.page.locator(".messagelist")).to_contain_text("1 webhook will be sent again.")
    assert visitor.clicks <= 2
    drain_until(nothing_pending)
    expect(visitor.page.locator(".meta")).to_contain_text("Delivered")  # by itself
    assert len(receiver.got) == 4


def test_several_that_failed_are_sent_again_in_2(visitor: Visitor):
    Delivery.objects.update(state=Delivery.State.FAILED)
    visitor.go_home()
    visitor.click(visitor.page.get_by_role("link", name="Review: Send them again"))
    expect(visitor.page.locator("main")).to_contain_text("3 webhooks will be sent again")
    visitor.press("Send 3 again")
    expect(visitor.page.locator("#status-text")).to_contain_text("0 of 3 sent again")
    assert visitor.clicks <= 2
    assert resend_jobs.step() == 3


def test_why_does_everything_fail_in_2_and_what_waits_is_sent_after_the_mend_in_2(visitor: Visitor, company, receiver):
    company.subscriptions.update(retry_refusals=True)
    receiver.answer = lambda got: (401, {}, b"")
    miss_call(company, company.trackers.get())
    drain_until(lambda: Delivery.objects.filter(state="pending", attempts=1, claim=None).exists())
    EndpointHealth.objects.update(failing_since=timezone.now() - timedelta(hours=1))
    issues.follow()
    visitor.go_home()
    expect(visitor.page.locator(".health")).to_contain_text("“CRM” has refused everything since")
    visitor.follow("See what to do")
    expect(visitor.page.locator(".advice")).to_contain_text("Enter the login that your server requires")
    assert visitor.clicks <= 2

    receiver.answer = lambda got: (200, {}, b"")
    visitor.go_home()
    visitor.follow("See what to do")
    visitor.press("Send now")
    expect(visitor.page.locator(".messagelist")).to_contain_text("1 webhook waits, and will be sent now")
    assert visitor.clicks <= 2
    drain_until(nothing_pending)
    assert Delivery.objects.filter(state="delivered").count() == 3


def test_did_the_webhook_for_this_caller_arrive_in_2(visitor: Visitor):
    visitor.click(visitor.page.get_by_role("searchbox", name="Search everything"))
    visitor.page.keyboard.type("Ben Ex")
    visitor.page.keyboard.press("Enter")
    row = visitor.page.locator("#result_list tbody tr", has_text="Ben Example")
    expect(row).to_have_count(1)
    expect(row.get_by_role("link", name="Delivered")).to_be_visible()
    assert visitor.clicks <= 2


def test_who_called_most_from_google_this_month_in_2(visitor: Visitor):
    visitor.click(visitor.page.get_by_role("navigation", name="Main").get_by_role("link", name="Reports"))
    visitor.follow("Google")
    callers = visitor.page.get_by_role("region", name="Who called most")
    expect(visitor.page.get_by_role("heading", name="Who called most from Google")).to_be_visible()
    expect(callers.locator("tbody tr").first).to_contain_text("Ann Example")
    assert visitor.clicks <= 2


def test_somebody_is_invited_in_3(visitor: Visitor):
    visitor.follow("Invite a colleague")
    visitor.type_into("Email address", "cleo@example.com")
    visitor.press("Save")
    expect(visitor.page.locator(".messagelist")).to_contain_text("The email to cleo@example.com is on its way.")
    assert visitor.clicks <= 3
    assert Invitation.objects.get().email == "cleo@example.com"
