"""A company admin's day, in a browser: open a call, add a tag and a note, save, see what was told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from callhooks_site.vendor_api import totals_upkeep
from calls.models import Call, Tag
from subscriptions.models import Delivery
from tests.browser.visiting import visit_as
from tests.support import factories
from tests.support.events import changes_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company():
    company = factories.make_company()
    factories.make_member(company, username="ann@example.com")
    factories.make_subscription(company)
    return company


@pytest.fixture
def call(company) -> Call:
    Tag.objects.create(company=company, name="New patient")
    note = "Rang twice.\n\nWants a date.\n"
    # Too long to be heard without being asked: it is nowhere.
    return factories.ended_call(company, customer_name="Bob Example", note=note, recording_duration=600)


@pytest.fixture
def at(page: Page, live_server, company) -> Page:
    """Logged in, at the home page."""
    visit_as(page, live_server, company.memberships.get().user)
    return page


def test_a_tag_and_a_note_become_one_call_modified(page: Page, live_server, call: Call):
    page.goto(live_server.url + reverse("admin:login"))
    page.get_by_label("Email address").fill("ann@example.com")
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Welcome to Callhooks")).to_be_visible()
    page.get_by_role("link", name="Activity", exact=True).click()
    page.get_by_role("row", name="Bob Example").get_by_role("link").first.click()
    page.get_by_label("New patient").check()
    page.locator("#id_note").fill("Wants an appointment\nin the morning")
    page.get_by_role("button", name="Save", exact=True).click()

    told = page.locator("#webhooks tbody tr")
    expect(told).to_have_count(2)
    expect(told.first).to_contain_text("Call Modified")
    expect(told.first).to_contain_text("tags, note")
    expect(told.first).to_contain_text("Waiting")
    call.refresh_from_db()
    assert call.note == "Wants an appointment\nin the morning"
    assert changes_of(call) == [["tags", "note"]]

    told.first.get_by_role("link", name="CRM: Waiting").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Call Modified to CRM")
    expect(page.locator("pre").first).to_contain_text('"changes": [')


def test_saved_untouched_in_a_browser_it_tells_nothing(at: Page, call: Call, live_server):
    at.goto(live_server.url + reverse("admin:calls_call_change", args=[call.pk]))
    at.get_by_role("button", name="Save", exact=True).click()
    expect(at.get_by_text("was changed successfully")).to_be_visible()
    expect(at.locator("#webhooks tbody tr")).to_have_count(1)
    note = call.note
    call.refresh_from_db()
    assert call.note == note


def test_a_secret_is_shown_and_can_be_copied(at: Page, company, live_server):
    subscription = company.subscriptions.get()
    at.context.grant_permissions(["clipboard-read", "clipboard-write"])
    at.goto(live_server.url + reverse("admin:subscriptions_subscription_change", args=[subscription.pk]))
    at.get_by_role("button", name="Show secret").click()
    expect(at.get_by_text(subscription.secret)).to_be_visible()
    at.get_by_role("button", name="Copy").click()
    expect(at.get_by_role("button", name="Copied")).to_be_visible()
    assert at.evaluate("navigator.clipboard.readText()") == subscription.secret


def test_pages_fit_a_phone(at: Page, call: Call, company, live_server):
    at.set_viewport_size({"width": 390, "height": 800})
    factories.make_text(company)
    totals_upkeep.keep_up(seconds=30)
    start = timezone.localdate(call.start_time)
    pages = [
        reverse("admin:index"),
        f"{reverse('admin:reports')}?since={start - timedelta(days=40)}&until={start + timedelta(days=40)}",
        reverse("admin:calls_call_changelist"),
        reverse("admin:calls_call_change", args=[call.pk]),
        reverse("admin:subscriptions_subscription_changelist"),
        reverse("admin:subscriptions_subscription_change", args=[company.subscriptions.get().pk]),
        reverse("admin:subscriptions_delivery_changelist"),
        reverse("admin:subscriptions_delivery_change", args=[Delivery.objects.order_by("pk")[0].pk]),
    ]
    for path in pages:
        at.goto(live_server.url + path)
        expect(at).to_have_title(re.compile("Callhooks"))
        assert at.evaluate("document.documentElement.scrollWidth") <= 390, path
        # Nothing may stick out of a card or a field.
        sticks_out = "row => row.scrollWidth > row.clientWidth + 1"
        assert not at.evaluate(f"[...document.querySelectorAll('.field, .page, .card')].filter({sticks_out}).length"), (
            path
        )
