"""Fields that search among many choices, with the keyboard, under the strict policy, by day and by night."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from subscriptions.admin.kit import searched_choices
from tests.browser.axe import find_serious
from tests.browser.visiting import visit_as
from tests.support import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = reverse("admin:subscriptions_subscription_changelist")


@pytest.fixture
def operator(monkeypatch) -> User:
    monkeypatch.setattr(searched_choices, "MOST_OFFERED", 1)
    for name in ("Bright Smiles", "Elm Dental"):
        factories.make_subscription(factories.make_company(name), name=f"CRM of {name}")
    return User.objects.create_superuser("operator@example.com")


def test_a_company_is_found_and_chosen_with_the_keyboard(page: Page, live_server, operator):
    visit_as(page, live_server, operator)
    page.goto(live_server.url + reverse("admin:subscriptions_subscription_add"))
    page.get_by_role("combobox", name="Company").focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("searchbox", name="Search Company")
    expect(box).to_be_focused()
    page.keyboard.type("elm")
    expect(page.locator(".select2-results [role=option]")).to_have_text(["Elm Dental"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Company Elm Dental")).to_be_focused()


def test_a_filter_is_set_by_what_is_chosen(page: Page, live_server, operator):
    visit_as(page, live_server, operator)
    page.goto(f"{live_server.url}{LIST}?state=all")
    page.locator("summary", has_text="Company").last.click()
    box = page.get_by_role("searchbox", name="Search Company")
    expect(box).to_be_focused()
    page.keyboard.type("bright")
    expect(page.locator(".select2-results [role=option]")).to_have_text(["Bright Smiles"])
    page.keyboard.press("Enter")
    expect(page.locator(".chip.is-set", has_text="Bright Smiles")).to_be_visible()
    assert "state=all" in page.url
    expect(page.get_by_text("CRM of Elm Dental")).to_have_count(0)


def test_axe_finds_nothing_serious_while_it_is_open(page_for_axe: Page, live_server, operator):
    page_for_axe.set_viewport_size({"width": 390, "height": 800})
    visit_as(page_for_axe, live_server, operator)
    page_for_axe.goto(live_server.url + reverse("admin:subscriptions_apikey_add"))
    page_for_axe.get_by_role("combobox", name="Company").click()
    expect(page_for_axe.locator(".select2-results [role=option]")).to_have_count(2)
    found = find_serious(page_for_axe)
    page_for_axe.emulate_media(color_scheme="dark")
    assert found + find_serious(page_for_axe, "color-contrast") == []
