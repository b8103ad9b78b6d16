"""The home page: one sentence, deliveries over time, the subscriptions, what to do next, and the first day."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from callhooks_site.vendor_api import totals_upkeep
from subscriptions.models import Attempt, Delivery, EndpointHealth, Membership, ServiceOutage
from subscriptions.tenancy import members
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
QUERIES = 24


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


def noon_zone(now: datetime) -> str:
    """A time zone where it is noon, so that today does not end while the test runs."""
    return f"Etc/GMT{now.astimezone(UTC).hour - 12:+}"


def said(page: str) -> tuple[str, str]:
    """The sentence, and the line below it."""
    found = re.search(r'<p class="say">(.*?)</p><p class="why">(.*?)</p>', page)
    assert found
    return found[1], found[2]


def test_figures_of_the_day_and_the_week(client, company):
    told(company, *["delivered"] * 3, "failed")
    page = shown(client)
    seen = cards(page)
    assert (seen["Arrived"], seen["Failed"], seen["Waiting now"]) == ("3", "1", "0")
    assert seen["Half arrive within"].endswith(" ms")
    assert page.count("3 arrived, 0 trying again, 1 failed") == 1
    assert "?since=24h&amp;state=failed" in page
    week = shown(client, span="7d")
    assert "Deliveries each day" in week
    assert week.count("3 arrived, 0 trying again, 1 failed") == 1
    assert "Deliveries each hour" in shown(client, span="nonsense")


def test_another_company_counts_for_nothing(client, company):
    other = factories.make_company("Other")
    told(other, "delivered", "failed")
    told(company, "delivered")
    seen = cards(shown(client))
    assert (seen["Arrived"], seen["Failed"]) == ("1", "0")
    assert "Other" not in shown(client, company=other.pk)
    assert cards(shown(client, company=other.pk))["Arrived"] == "1"


def test_who_has_two_companies_chooses(company):
    second, foreign = factories.make_company("Second"), factories.make_company("Foreign")
    user = factories.make_member(company)
    Membership.objects.create(company=second, user=user, role="viewer")
    told(company, "delivered")
    told(second, "delivered", "delivered")
    told(foreign, *["delivered"] * 4)
    client = login(user)
    assert cards(shown(client))["Delivered"] == "3"
    assert [cards(shown(client, company=pk))["Arrived"] for pk in (company.pk, second.pk)] == ["1", "2"]
    assert f"?span=7d&amp;company={second.pk}" in shown(client, company=second.pk)
    assert cards(shown(client, company=foreign.pk))["Delivered"] == "3"
    operator = login(User.objects.create_superuser("operator@example.com", password="x"))
    assert cards(shown(operator))["Delivered"] == "7"
    assert cards(shown(operator, company=foreign.pk))["Arrived"] == "4"


def test_what_waits_is_told_with_how_late_it_is(client, company):
    told(company, "delivered")
    factories.ended_call(company, company.trackers.get())
    page = shown(client)
    assert cards(page)["Waiting now"] == "1"
    assert said(page)[1].endswith("1 event is on the way.")
    Delivery.objects.filter(state="pending").update(due_at=timezone.now() - timedelta(minutes=10))
    assert said(shown(client)) == (
        "1 event waits for “CRM”.", "The oldest has been due for 10 min. They are sent in turn.",
    )  # fmt: skip


def test_servers_in_trouble_say_why_and_what_to_do(client, company):
    told(company, "delivered", "failed", "failed")
    EndpointHealth.objects.update(
        failing_since=timezone.now() - timedelta(hours=2), last_failure="Timed out after 15 s"
    )
    page = shown(client)
    assert said(page)[0].startswith("“CRM” has refused everything since")
    assert "Timed out after 15 s" in said(page)[1]
    assert "2 webhooks failed and are kept." in page
    pause = reverse("admin:subscriptions_subscription_pause", args=[company.subscriptions.get().pk])
    assert f'<form method="post" action="{pause}">' in page
    assert "100 %" not in page
    company.subscriptions.update(state="disabled", state_reason="Only failures for 5 days.")
    assert said(shown(client)) == (
        "“CRM” is disabled.", "Only failures for 5 days. New events are held until it is resumed.",
    )  # fmt: skip


def test_all_companies_are_not_100_percent_while_one_is_refused(company):
    told(company, "delivered")
    operator = login(User.objects.create_superuser("operator@example.com", password="x"))
    assert cards(shown(operator))["Success rate"] == "100 %"
    EndpointHealth.objects.update(failing_since=timezone.now() - timedelta(hours=2))
    assert cards(shown(operator))["Success rate"] == "99.9 %"


def test_a_short_failure_is_told_as_one(client, company):
    told(company, "delivered")
    EndpointHealth.objects.update(failing_since=timezone.now(), last_failure="Bad gateway (502)")
    page = shown(client)
    assert "has refused what came since" in said(page)[0]
    assert "is-bad" not in page


def test_paused_subscriptions_and_what_is_held(client, company):
    told(company, "delivered", "held")
    company.subscriptions.update(state="paused")
    assert said(shown(client)) == ("“CRM” is paused.", "1 event is held. Resume it to send what is held.")


def test_all_is_well(client, company):
    told(company, "delivered")
    page = shown(client)
    assert said(page)[0] == "“CRM” gets every event."
    assert "is-good" in page
    assert re.search(r">100\s%</td>", page)


def test_removed_subscriptions_leave_nothing_to_send(client, company):
    told(company, "delivered")
    company.subscriptions.update(state="archived")
    assert said(shown(client))[0] == "No subscription is left, so nothing is sent."


def test_an_outage_of_our_own_is_said_first(client, company):
    told(company, "delivered")
    now = timezone.now()
    ServiceOutage.objects.create(
        ongoing=True, began_at=now, noticed_at=now, hosts=9, companies=4, errors="Name resolution fails"
    )
    assert said(shown(client))[0].startswith("Callhooks has reached nearly nobody since")


def test_today_by_source_and_by_hour(client, company):
    now = timezone.now()
    company.time_zone = noon_zone(now)
    company.save()
    told(company, "delivered")
    tracker = factories.make_tracker(company, source="google_paid")
    for number, answered in enumerate((now, now, None)):
        factories.make_call(
            company, tracker, start_time=now, answered_at=answered, ended_at=now,
            customer_phone_number=f"+1214555014{number}",
        )  # fmt: skip
    factories.make_text(company, tracker, sent_at=now)
    totals_upkeep.keep_up(seconds=30)
    page = shown(client)
    seen = cards(page)
    assert (seen["Calls"], seen["Answered"], seen["Not answered"]) == ("3 +3", "2 67\u202f%", "1")
    assert (seen["Texts"], seen["Forms"].strip()) == ("1 +1", "0")
    assert "2 answered, 1 not answered" in page
    assert f'<a href="{reverse("admin:reports")}?source=google_paid">Google Paid</a>' in page
    assert "Call one person back" in page
    factories.make_call(
        company, tracker, start_time=now + timedelta(seconds=5), direction="outbound",
        customer_phone_number="+12145550142",
    )  # fmt: skip
    assert "Call one person back" not in shown(client)


def test_forms_wait_for_an_answer_until_somebody_calls(client, company):
    told(company, "delivered")
    now = timezone.now()
    factories.make_form(company, form_data={"phone": "+12145550155"}, submitted_at=now - timedelta(minutes=5))
    assert "Answer one form" in shown(client)
    factories.make_text(company, customer_phone_number="+12145550155", direction="outbound", sent_at=now)
    assert "Answer one form" not in shown(client)


def test_owners_are_told_about_members(company):
    told(company, "delivered")
    owner = factories.make_member(company, "owner")
    members.invite(company=company, email="pat@example.com", role="viewer", by=owner)
    page = shown(login(owner))
    assert "pat@example.com has not accepted yet" in page
    assert "Name a second owner" in page
    assert "Name a second owner" not in shown(login(factories.make_member(company, "admin")))
    second = shown(login(factories.make_member(company, "owner")))
    assert "Name a second owner" not in second


def test_first_steps_until_the_first_webhook_arrived(client, company):
    page = shown(client)
    assert "Welcome to Callhooks" in page
    assert "1 of 5 done" in page
    assert page.count('<li class="now">') == 1
    assert all(word in page for word in ("Phone system", "Web form", "Past calls", "Your own program"))
    assert "Nothing has been sent yet" in page
    factories.make_tracker(company)
    subscription = factories.make_subscription(company)
    factories.make_key(company)
    page = shown(client)
    assert "4 of 5 done" in page
    assert reverse("admin:subscriptions_subscription_change", args=[subscription.pk]) in page
    EndpointHealth.objects.create(
        subscription=subscription, window_began=timezone.now(), last_success_at=timezone.now()
    )
    assert "Welcome to Callhooks" not in shown(client)


def test_the_first_day_says_what_is_wrong(client, company):
    subscription = factories.make_subscription(company, events=["post_call"])
    factories.ended_call(company, factories.make_tracker(company))
    EndpointHealth.objects.create(
        subscription=subscription, window_began=timezone.now(), last_failure="Login required (401)",
        failing_since=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    page = shown(client)
    assert "Welcome to Callhooks" in page
    assert said(page)[0].startswith("“CRM” has refused everything since")
    assert "Nothing has arrived yet" in page


def test_a_viewer_sees_figures_and_nothing_to_press(company):
    told(company, "delivered", "failed")
    EndpointHealth.objects.update(failing_since=timezone.now() - timedelta(hours=2))
    page = shown(login(factories.make_member(company, "viewer")))
    assert cards(page)["Arrived"] == "1"
    assert "Nothing for you to do" in page
    assert "Pause it" not in page
    assert "Welcome" not in shown(login(factories.make_member(factories.make_company("New"), "viewer")))


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


def test_the_list_of_subscriptions_is_not_100_percent_either(client, company):
    told(company, "delivered")
    url = reverse("admin:subscriptions_subscription_changelist")
    assert "100 % of 1" in client.get(url).content.decode()
    EndpointHealth.objects.update(failing_since=timezone.now())
    assert "99.9 % of 1" in client.get(url).content.decode()
