"""The home page: statistics of the user's companies, what is pending, failing endpoints, next and first steps."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from subscriptions.models import Attempt, Delivery, EndpointHealth, Membership
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
QUERIES = 13


@pytest.fixture
def company():
    return factories.make_company("Acme")


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def shown(client, **asked) -> str:
    answer = client.get(reverse("admin:index"), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def cards(page: str) -> dict[str, str]:
    """What the first of each kind says: those of the last 24 hours."""
    found: dict[str, str] = {}
    for term, value in re.findall(r"<dt>([^<]*)</dt><dd[^>]*>(.*?)</dd>", page):
        found.setdefault(term, re.sub("<[^>]*>", "", value))
    return found


def told(company, *states: str) -> list[Delivery]:
    """A delivery in each of these states, tried once just now."""
    subscription = company.subscriptions.first() or factories.make_subscription(company, events=["post_call"])
    tracker = company.trackers.first() or factories.make_tracker(company)
    made = []
    for state in states:
        factories.ended_call(company, tracker)
        delivery = Delivery.objects.filter(subscription=subscription).latest("pk")
        Delivery.objects.filter(pk=delivery.pk).update(state=state, due_at=None, attempts=1)
        Attempt.objects.create(
            delivery=delivery, number=1, started_at=timezone.now(), duration_ms=30, url="https://example.com",
            outcome="delivered" if state == "delivered" else "failed",
        )  # fmt: skip
        made.append(delivery)
    EndpointHealth.objects.update_or_create(
        subscription=subscription, defaults={"window_began": timezone.now(), "last_success_at": timezone.now()}
    )
    return made


def test_figures_of_the_day_and_the_week(client, company):
    told(company, *["delivered"] * 3, "failed")
    page = shown(client)
    seen = cards(page)
    assert (seen["Delivered"], seen["Failed"]) == ("3", "1")
    assert seen["Success rate"] == "75.0 %"
    assert seen["95 % delivered within"].endswith(" ms")
    assert page.count("3 delivered, 0 tried again, 1 failed") == 2, "an hour and a day of the charts"
    assert "?since=24h&amp;state=failed" in page


def test_another_company_counts_for_nothing(client, company):
    other = factories.make_company("Other")
    told(other, "delivered", "failed")
    told(company, "delivered")
    seen = cards(shown(client))
    assert (seen["Delivered"], seen["Failed"]) == ("1", "0")
    assert "Other" not in shown(client, company=other.pk)
    assert cards(shown(client, company=other.pk))["Delivered"] == "1"


def test_who_has_two_companies_chooses(company):
    second, foreign = factories.make_company("Second"), factories.make_company("Foreign")
    user = factories.make_member(company)
    Membership.objects.create(company=second, user=user, role="viewer")
    told(company, "delivered")
    told(second, "delivered", "delivered")
    told(foreign, *["delivered"] * 4)
    client = login(user)
    assert [cards(shown(client, company=pk))["Delivered"] for pk in ("", company.pk, second.pk)] == ["3", "1", "2"]
    assert cards(shown(client, company=foreign.pk))["Delivered"] == "3"
    operator = login(User.objects.create_superuser("operator@example.com", password="x"))
    assert cards(shown(operator))["Delivered"] == "7"
    assert cards(shown(operator, company=foreign.pk))["Delivered"] == "4"


def test_what_waits_is_told_with_how_late_it_is(client, company):
    factories.make_subscription(company, events=["post_call"])
    factories.ended_call(company, factories.make_tracker(company))
    assert cards(shown(client))["Waiting now"] == "1"
    Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=10))
    assert cards(shown(client))["Waiting now, the oldest for 10 min"] == "1"


def test_servers_in_trouble_say_why_and_what_to_do(client, company):
    told(company, "failed", "failed")
    EndpointHealth.objects.update(
        failing_since=timezone.now() - timedelta(hours=2), last_failure="Timed out after 15 s"
    )
    page = shown(client)
    assert "Timed out after 15 s" in page
    assert "“CRM” refuses webhooks." in page
    assert "2 webhooks failed. You can send them again." in page
    company.subscriptions.update(state="disabled", state_reason="Only failures for 5 days.")
    page = shown(client)
    assert "“CRM” is disabled" in page
    assert "Only failures for 5 days." in page


def test_a_short_failure_is_no_trouble_yet(client, company):
    told(company, "delivered")
    EndpointHealth.objects.update(failing_since=timezone.now(), last_failure="Bad gateway (502)")
    assert "None has failed for longer than 5 min." in shown(client)


def test_held_webhooks_are_told(client, company):
    (delivery,) = told(company, "held")
    page = shown(client)
    assert "1 webhook is held" in page
    assert delivery.subscription.name


def test_first_steps_until_the_first_webhook_arrived(client, company):
    page = shown(client)
    assert page.count("<li>") >= 4
    assert 'class="done"' not in page
    factories.make_tracker(company)
    subscription = factories.make_subscription(company)
    factories.make_key(company)
    page = shown(client)
    assert page.count('class="done"') == 3
    assert "Receive your first webhook" in page
    EndpointHealth.objects.create(
        subscription=subscription, window_began=timezone.now(), last_success_at=timezone.now()
    )
    assert "First steps" not in shown(client)


def test_a_viewer_sees_figures_and_nothing_to_press(company):
    told(company, "delivered", "failed")
    page = shown(login(factories.make_member(company, "viewer")))
    assert cards(page)["Delivered"] == "1"
    assert "What to do next" not in page
    assert "First steps" not in page


def test_it_takes_as_many_queries_for_much_as_for_little(client, company, django_assert_num_queries):
    told(company, "delivered")
    shown(client)
    with django_assert_num_queries(QUERIES):
        shown(client)
    for number in range(3):
        factories.make_subscription(company, name=f"S{number}")
    told(company, *["delivered"] * 3, *["failed"] * 3)
    with django_assert_num_queries(QUERIES):
        shown(client)
