"""A bad morning, in a browser: find what failed, read why, repeat it as curl, send it again, then all of it at once."""

from __future__ import annotations

import shlex

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from subscriptions.endpoints import resend_jobs
from subscriptions.models import Attempt, Delivery, ResendJob
from tests.browser.visiting import visit_as
from tests.support import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company():
    company = factories.make_company()
    factories.make_member(company)
    factories.make_subscription(company)
    tracker = factories.make_tracker(company)
    for _ in range(3):
        factories.ended_call(company, tracker, note="it's 5 o'clock")
    for delivery in Delivery.objects.filter(company=company):
        Attempt.objects.create(
            delivery=delivery, number=1, outcome="failed", started_at=timezone.now(), url="https://example.com/hooks",
            request_headers=[["webhook-id", delivery.event.webhook_id], ["webhook-timestamp", "1700000000"]],
            error="tls_expired", message="The server's certificate expired.",
        )  # fmt: skip
    Delivery.objects.update(state="failed", due_at=None, attempts=1, reason="The server's certificate expired.")
    return company


@pytest.fixture
def at(page: Page, live_server, company) -> Page:
    visit_as(page, live_server, company.memberships.get().user)
    return page


def test_a_failed_delivery_is_found_understood_repeated_and_sent_again(at: Page, live_server):
    at.context.grant_permissions(["clipboard-read", "clipboard-write"])
    at.goto(live_server.url + reverse("admin:subscriptions_delivery_changelist"))
    at.locator(".chip summary", has_text="State").click()
    at.locator(".chip[open]").get_by_role("link", name="Failed", exact=True).click()
    expect(at.locator("#result_list tbody tr")).to_have_count(3)
    at.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    expect(at.locator(".advice")).to_contain_text("Renew the server's certificate")

    at.get_by_text("What was signed").click()
    expect(at.locator(".signed pre")).to_contain_text(".1700000000.")
    at.get_by_text("Copy as curl").click()
    at.locator(".curl").get_by_role("button", name="Copy").click()
    expect(at.locator(".curl").get_by_role("button", name="Copied")).to_be_visible()
    copied = shlex.split(at.evaluate("navigator.clipboard.readText()").replace("\\\n", " "))
    pk = int(at.url.split("/")[-3])
    assert copied[copied.index("--data-raw") + 1] == bytes(Delivery.objects.get(pk=pk).event.body).decode()

    at.get_by_role("button", name="Send again").click()
    expect(at.locator(".messagelist")).to_contain_text("1 webhook will be sent again.")


def test_all_that_failed_is_counted_sent_and_followed(at: Page, live_server):
    at.goto(live_server.url + reverse("admin:subscriptions_delivery_changelist"))
    at.get_by_role("link", name="Send many again").click()
    at.get_by_label("Webhooks per second").fill("1")
    at.get_by_role("button", name="Count them").click()
    expect(at.get_by_text("3 webhooks will be sent again")).to_be_visible()
    at.get_by_role("button", name="Send 3 again").click()
    expect(at.get_by_role("progressbar")).to_have_attribute("value", "0")
    assert resend_jobs.step() == 1
    expect(at.locator("#status-text")).to_contain_text("1 of 3 sent again")  # without a reload
    at.get_by_role("button", name="Cancel the rest").click()
    expect(at.locator("#status-text")).to_contain_text("Cancelled: 1 of 3")
    assert ResendJob.objects.get().state == "cancelled"


def test_the_page_shows_the_end_by_itself(at: Page, live_server, company):
    job = resend_jobs.start(company.subscriptions.get(), since=company.created_at, until=timezone.now(), per_second=50)
    at.goto(live_server.url + reverse("admin:subscriptions_resendjob_change", args=[job.pk]))
    expect(at.get_by_role("button", name="Cancel the rest")).to_be_visible()
    resend_jobs.step()
    expect(at.locator("#status-text")).to_contain_text("Done: 3 of 3")
    expect(at.get_by_role("button", name="Cancel the rest")).to_have_count(0)
