"""The main pages for those who cannot see them well, by axe: nothing serious, by day and by night."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from callhooks_site.vendor_api import totals_upkeep
from subscriptions.endpoints import test_events
from subscriptions.models import Attempt, Delivery, EndpointHealth
from tests.browser.axe import find_serious
from tests.browser.visiting import visit_as
from tests.support import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BY_NIGHT = 8  # the first of the pages: they have all that has a colour


@pytest.fixture
def addresses() -> tuple[Any, list[str]]:
    """A company's admin, and pages with something on them."""
    company = factories.make_company()
    subscription = factories.make_subscription(company)
    call = factories.ended_call(company, factories.make_tracker(company), note="Roof", recording_duration=600)
    factories.make_text(company)
    test_delivery = test_events.send_test(subscription, "post_call")
    for delivery in Delivery.objects.all():
        Attempt.objects.create(
            delivery=delivery, number=1, outcome="failed", started_at=timezone.now(), url="https://example.com/hooks",
            request_headers=[["webhook-id", "evt_1"]], error="tls_expired", message="The certificate expired.",
        )  # fmt: skip
    Delivery.objects.update(state="failed", due_at=None, attempts=1, reason="The server's certificate expired.")
    now = timezone.now()
    EndpointHealth.objects.create(
        subscription=subscription, window_began=now, last_failure="The certificate expired.",
        failing_since=now - timedelta(hours=2), last_success_at=now - timedelta(days=1),
    )  # fmt: skip
    totals_upkeep.keep_up(seconds=30)
    one = {"args": [subscription.pk]}
    pages = [
        reverse("admin:index"),
        f"{reverse('admin:reports')}?since=2026-03-01&until=2026-03-31",
        reverse("admin:activity"),
        reverse("admin:subscriptions_subscription_change", **one),
        reverse("admin:subscriptions_delivery_changelist"),
        reverse("admin:subscriptions_delivery_change", args=[test_delivery.pk]),
        reverse("admin:subscriptions_subscription_test_result", args=[subscription.pk, test_delivery.pk]),
        reverse("admin:calls_call_change", args=[call.pk]),
        reverse("admin:calls_person_change", args=[call.person_id]),
        reverse("admin:subscriptions_subscription_add"),
        reverse("admin:subscriptions_subscription_verify", **one),
        reverse("admin:subscriptions_resendjob_add"),
        reverse("admin:event_type", args=["text_message_sent"]),
    ]
    return factories.make_member(company), pages


def test_nothing_serious_is_found_by_day_or_night(page_for_axe: Page, live_server, addresses):
    page, (user, paths) = page_for_axe, addresses
    page.goto(live_server.url + reverse("admin:login"))
    found = find_serious(page)
    visit_as(page, live_server, user)
    for number, path in enumerate(paths):
        page.goto(live_server.url + path)
        found += find_serious(page)
        if number < BY_NIGHT:
            page.emulate_media(color_scheme="dark")
            found += find_serious(page, "color-contrast")  # of all that axe looks at, only this is another by night
            page.emulate_media(color_scheme="light")
    assert found == [], "\n".join(found)


def test_the_first_day_too(page_for_axe: Page, live_server):
    visit_as(page_for_axe, live_server, factories.make_member(factories.make_company(), "owner"))
    assert find_serious(page_for_axe) == []
