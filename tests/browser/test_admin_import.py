"""A file of another system in a browser: its columns are looked at and changed, and it is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from callhooks_site.intake.imports import tasks
from callhooks_site.intake.imports.models import ImportJob
from tests.browser.visiting import visit_as
from tests.integration.test_admin_imports import upload
from tests.support import factories
from tests.support.admin import login

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATIENCE = 30_000  # ms, on a machine with other work
FILE = Path(__file__).resolve().parents[1] / "data" / "imports" / "callrail.csv"


def test_the_columns_of_a_file_are_chosen_and_checked(page: Page, live_server):
    company = factories.make_company(time_zone="America/Chicago")
    factories.make_tracker(company, phone_number="+12145550100")
    admin = factories.make_member(company)
    # What a browser sends of a file does not come through the page's route.
    upload(login(admin), *FILE.read_text().splitlines())
    visit_as(page, live_server, admin)
    page.goto(live_server.url + reverse("admin:imports_importjob_changelist"))
    page.get_by_role("link", name="Calls from old.csv").click()
    page.get_by_role("link", name="Choose columns").click()
    expect(page.get_by_role("heading", name="What is in each column?")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_label("Start Time")).to_have_value("start_time", timeout=PATIENCE)
    page.get_by_label("Agent Name").select_option(label="Campaign")
    page.get_by_role("button", name="Check file").click()
    expect(page.locator(".errorlist")).to_contain_text("is this field already", timeout=PATIENCE)
    page.get_by_label("Agent Name").select_option(label="Custom")
    page.get_by_role("button", name="Show again").click()
    expect(page.get_by_role("region", name="First lines")).to_contain_text("2026-11-03 14:05:00", timeout=PATIENCE)
    page.get_by_role("button", name="Check file").click()
    expect(page.locator("#status-text")).to_contain_text("lines checked", timeout=PATIENCE)
    tasks.work()
    page.reload()
    expect(page.get_by_role("button", name="Import 4 calls")).to_be_visible(timeout=PATIENCE)
    assert ImportJob.objects.get().mapping["columns"]["Agent Name"] == "custom"
