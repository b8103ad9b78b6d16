"""A company admin's first day, in a browser: a subscription, its test event, a new secret; and what a viewer cannot."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from subscriptions.models import Subscription
from tests.browser.visiting import visit_as
from tests.support import factories
from tests.support.drains import drain_until, nothing_pending

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def admin(page: Page, live_server, company) -> Page:
    visit_as(page, live_server, factories.make_member(company))
    return page


def test_from_the_first_step_to_the_first_webhook(admin: Page, company, receiver):
    admin.get_by_role("link", name="Add subscription").click()
    admin.get_by_label("Name").fill("CRM")
    admin.get_by_role("textbox", name="URL", exact=True).fill("ftp://crm.example.com/hooks")
    admin.get_by_role("checkbox", name="Post-Call When").check()
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.locator(".errorlist").first).to_contain_text("http")  # in words, and what was filled in is still there
    expect(admin.get_by_role("checkbox", name="Post-Call When")).to_be_checked()
    admin.get_by_role("textbox", name="URL", exact=True).fill(receiver.url)
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("whsec_")).to_be_visible()  # first the secret, then the first test
    drain_until(nothing_pending)
    assert receiver.got == []
    admin.get_by_role("button", name="Send test").click()
    expect(admin.get_by_role("heading", name="Test: Post-Call")).to_be_visible()
    expect(admin.locator(".lead")).to_contain_text("Waiting")
    drain_until(nothing_pending)
    expect(admin.locator(".lead")).to_contain_text("Accepted (200)")  # by itself
    assert [got.headers["Callhooks-Event"] for got in receiver.got] == ["post_call"]
    admin.get_by_role("link", name="Home", exact=True).click()
    expect(admin.get_by_text("Welcome to Callhooks")).to_have_count(0)
    expect(admin.locator(".figures").first).to_contain_text("1")


def test_another_event_is_tried_and_its_failure_explained(admin: Page, live_server, company, receiver):
    receiver.answer = lambda got: (404, {}, b"no such page")
    subscription = factories.make_subscription(company, url=receiver.url)
    admin.goto(live_server.url + reverse("admin:subscriptions_subscription_change", args=[subscription.pk]))
    admin.get_by_role("link", name="Send a test…").click()
    admin.get_by_label("Call Modified").check()
    admin.get_by_role("button", name="Send test").click()
    drain_until(lambda: bool(receiver.got))
    expect(admin.locator(".lead")).to_contain_text("Not found (404)")
    expect(admin.locator(".advice")).to_contain_text("Check the path")
    expect(admin.locator("pre")).to_contain_text("no such page")


def test_a_new_secret_signs_beside_the_old_one(admin: Page, live_server, company):
    subscription = factories.make_subscription(company)
    old = subscription.secret
    admin.goto(live_server.url + reverse("admin:subscriptions_subscription_change", args=[subscription.pk]))
    admin.get_by_role("link", name="New secret…").click()
    admin.get_by_role("button", name="Create new secret").click()
    expect(admin.locator(".messagelist")).to_contain_text("The old one also signs for 24 hours.")
    admin.get_by_role("button", name="Show secret").click()
    new = Subscription.objects.get().secret
    assert new != old
    expect(admin.locator("#secret")).to_have_text(new)
    expect(admin.get_by_text(old)).to_be_visible()


def test_a_viewer_reads_and_finds_nothing_to_press(page: Page, live_server, company):
    subscription = factories.make_subscription(company, name="CRM")
    visit_as(page, live_server, factories.make_member(company, "viewer", username="viewer@example.com"))
    page.get_by_role("link", name="Subscriptions").first.click()
    expect(page.get_by_role("link", name="Add subscription")).to_have_count(0)
    page.get_by_role("link", name="CRM").click()
    expect(page.get_by_role("heading", name="CRM")).to_be_visible()
    for label in ("Pause", "Show secret", "New secret…", "Send a test…", "Save", "Delete"):
        expect(page.get_by_text(label, exact=True)).to_have_count(0)
    answer = page.request.post(
        live_server.url + reverse("admin:subscriptions_subscription_pause", args=[subscription.pk])
    )
    assert answer.status == 403
    assert Subscription.objects.get().state == "active"
