"""An endpoint that refuses everything has one open issue until it accepts again, or somebody says that it is solved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from subscriptions.admin.frame import count_failing
from subscriptions.admin.kit.labels import answer_in_words
from subscriptions.endpoints import issues, operations
from subscriptions.maintenance import retention
from subscriptions.models import Delivery, EndpointHealth, EndpointIssue, ServiceOutage, Subscription
from subscriptions.tenancy.audit_log import Actor
from tests.support.admin import login
from tests.support.factories import make_call, make_company, make_member, make_subscription

pytestmark = pytest.mark.django_db
DANA = Actor("dana@example.com")


@pytest.fixture
def subscription() -> Subscription:
    return make_subscription(make_company())


def fails(subscription: Subscription, *, since: timedelta = timedelta(minutes=10), last: int = 0) -> None:
    """It has refused everything for so long, the last time `last` seconds ago."""
    now = timezone.now()
    EndpointHealth.objects.update_or_create(
        subscription=subscription,
        defaults={
            "window_began": now,
            "failing_since": now - since,
            "last_success_at": now - since - timedelta(hours=1),
            "last_failure_at": now - timedelta(seconds=last),
            "last_failure": "Timed out after 15 s.",
        },
    )


def accepts(subscription: Subscription) -> None:
    EndpointHealth.objects.filter(pk=subscription.pk).update(failing_since=None, last_success_at=timezone.now())


def test_what_fails_for_some_minutes_is_opened_once_and_solved_when_it_accepts_again(subscription):
    fails(subscription, since=timedelta(minutes=4))
    assert issues.follow() == (0, 0)  # a hiccup
    fails(subscription)
    for _ in range(3):
        make_call(subscription.company)
    assert issues.follow() == (1, 0)
    assert issues.follow() == (0, 0)
    issue = EndpointIssue.objects.get()
    assert (issue.state, issue.answer) == ("open", "Timed out after 15 s.")
    assert issues.count_affected([issue]) == {issue.pk: 3}
    accepts(subscription)
    assert issues.follow() == (0, 1)
    issue.refresh_from_db()
    assert (issue.state, issue.solved_how, issue.affected) == ("solved", "delivered", 3)


def test_what_arrived_at_once_is_not_affected(subscription):
    fails(subscription)
    make_call(subscription.company)
    issues.follow()
    Delivery.objects.update(state="delivered", due_at=None, attempts=1, finished_at=timezone.now())
    issue = EndpointIssue.objects.get()
    assert issues.count_affected([issue]) == {issue.pk: 0}
    Delivery.objects.update(attempts=2)
    assert issues.count_affected([issue]) == {issue.pk: 1}


def test_failing_again_within_the_hour_is_the_same_issue_and_stays_acknowledged(subscription):
    fails(subscription)
    issues.follow()
    issues.acknowledge(EndpointIssue.objects.get(), DANA)
    accepts(subscription)
    issues.follow()
    fails(subscription)
    EndpointIssue.objects.update(solved_at=timezone.now() - timedelta(minutes=20))
    assert issues.follow() == (1, 0)
    issue = EndpointIssue.objects.get()
    assert (issue.state, issue.again, issue.acknowledged_name) == ("acknowledged", 1, "dana@example.com")


def test_said_to_be_solved_it_stays_so_until_another_webhook_is_refused(subscription):
    fails(subscription, last=1)
    issues.follow()
    assert issues.solve(EndpointIssue.objects.get(), DANA)
    assert not issues.solve(EndpointIssue.objects.get(), DANA)
    assert issues.follow() == (0, 0)
    fails(subscription, last=0)
    assert issues.follow() == (1, 0)
    first, second = EndpointIssue.objects.order_by("pk")
    assert (first.state, second.state) == ("solved", "open")
    assert second.opened_at == first.solved_at


def test_of_a_disabled_subscription_it_is_open_until_it_was_resumed_and_delivers(subscription):
    fails(subscription)
    Subscription.objects.update(state="disabled", state_changed_at=timezone.now())
    assert issues.follow() == (1, 0)
    accepts(subscription)  # a test
    assert issues.follow() == (0, 0)
    subscription.refresh_from_db()
    operations.resume(subscription, send_held=True)
    EndpointHealth.objects.update(last_success_at=timezone.now())
    assert issues.follow() == (0, 1)


def test_of_a_removed_subscription_it_is_over(subscription):
    fails(subscription)
    issues.follow()
    operations.archive(subscription)
    assert issues.follow() == (0, 1)
    assert EndpointIssue.objects.get().solved_how == "removed"


def test_a_solved_one_is_kept_as_long_as_the_attempts_it_tells_of(subscription):
    fails(subscription)
    issues.follow()
    EndpointIssue.objects.update(opened_at=timezone.now() - timedelta(days=100))
    assert retention.delete_expired()["solved issues"] == 0  # it is open still
    EndpointIssue.objects.update(solved_at=timezone.now() - timedelta(days=89))
    assert retention.delete_expired()["solved issues"] == 0
    EndpointIssue.objects.update(solved_at=timezone.now() - timedelta(days=91))
    assert retention.delete_expired()["solved issues"] == 1


def test_an_outage_of_our_own_opens_none(subscription):
    fails(subscription)
    now = timezone.now()
    ServiceOutage.objects.create(ongoing=True, began_at=now, noticed_at=now, hosts=3, companies=3, errors="dns")
    assert issues.follow() == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_the_same_time_open_one():
    subscription = make_subscription(make_company())
    fails(subscription)

    def sweep(_: int) -> int:
        try:
            return issues.follow()[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        opened = sum(pool.map(sweep, range(12)))
    assert opened == EndpointIssue.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "shown"), [("The server answered 401.", "Login required (401)"), ("Timed out after 15 s.", None)]
)
def test_what_the_server_answered_is_said_in_plain_words(said, shown):
    assert answer_in_words(said) == (shown or said)


def test_its_page_says_what_is_wrong_and_acknowledged_it_is_nothing_to_do(subscription, rf):
    company = subscription.company
    make_call(company)
    fails(subscription)
    issues.follow()
    issue = EndpointIssue.objects.get()
    client = login(make_member(company, "admin", "dana@example.com"))
    page = f"/admin/subscriptions/endpointissue/{issue.pk}/change/"
    assert "Acknowledge</button>" in client.get(page).content.decode()
    home = client.get("/admin/").content.decode()
    assert page in home
    assert "refuses everything" in home
    client.post(page.replace("change", "acknowledge"))
    client.post(page, {"note": "Hosting is told."})
    issue.refresh_from_db()
    assert (issue.acknowledged_name, issue.note) == ("dana@example.com", "Hosting is told.")
    home = client.get("/admin/").content.decode()
    assert "refuses everything" not in home
    assert "dana@example.com is on it." in home
    request = rf.get("/admin/")
    request.user = make_member(company, "viewer", "viewer@example.com")
    assert count_failing(request, company.pk) == ""
    listed = client.get("/admin/subscriptions/endpointissue/?state=acknowledged").content.decode()
    assert page in listed
    assert page not in client.get("/admin/subscriptions/endpointissue/?state=open").content.decode()
    assert page in client.get(f"/admin/subscriptions/subscription/{subscription.pk}/change/").content.decode()
