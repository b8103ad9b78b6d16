"""Fields that search among many choices, with the keyboard, under the strict policy, by day and by night."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from subscriptions.admin.kit import searched_choices
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_while_it_is_open(browser: Browser, live_server, operator, scheme):
    with browser.new_context(viewport={"width": 390, "height": 800}, bypass_csp=True, color_scheme=scheme) as context:
        page = context.new_page()
        visit_as(page, live_server, operator)
        page.goto(live_server.url + reverse("admin:subscriptions_apikey_add"))
        page.get_by_role("combobox", name="Company").click()
        expect(page.locator(".select2-results [role=option]")).to_have_count(2)
        found = Axe().run(page).response["violations"]
        serious = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found
                   if one["impact"] in {"serious", "critical"}]  # fmt: skip
        assert not serious
