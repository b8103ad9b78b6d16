"""A test event from a subscription's page: chosen, sent, and its result shown as it comes."""

from __future__ import annotations

import pytest
from django.urls import reverse

from subscriptions.events import catalogue
from subscriptions.models import Attempt, AuditEntry, Delivery, Subscription
from tests.support import factories
from tests.support.admin import filled_in, login
from tests.support.drains import drain_until, nothing_pending

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company():
    return factories.make_company("Acme")


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def ask_url(subscription) -> str:
    return reverse("admin:subscriptions_subscription_test", args=[subscription.pk])


def test_each_event_is_offered_with_when_it_happens(client, company):
    shown = client.get(ask_url(factories.make_subscription(company, events=["call_modified"]))).content.decode()
    assert shown.count('type="radio"') == len(catalogue.all_types())
    assert 'value="call_modified" checked' in shown
    assert shown.count("Not subscribed") == len(catalogue.all_types()) - 1


def test_what_the_receiver_made_of_it_is_shown(client, company, receiver):
    subscription = factories.make_subscription(company, url=receiver.url)
    sent = client.post(ask_url(subscription), {"type": "post_call"})
    result = sent["Location"]
    delivery = Delivery.objects.get()
    waiting = client.get(result).content.decode()
    assert f'data-live-url="{result}state/"' in waiting
    before = client.get(f"{result}state/").json()["state"]
    assert before in waiting
    drain_until(nothing_pending)
    assert client.get(f"{result}state/").json()["state"] != before
    shown = client.get(result).content.decode()
    assert "Accepted (200)" in shown
    assert "Your server accepted it." in shown
    assert "data-live-url" not in shown
    assert reverse("admin:subscriptions_delivery_change", args=[delivery.pk]) in shown
    assert AuditEntry.objects.filter(act="Sent a test event", detail="Post-Call").count() == 1


def test_a_failure_is_shown_with_what_to_do(client, company, receiver):
    receiver.answer = lambda got: (404, {}, b"nothing here")
    subscription = factories.make_subscription(company, url=receiver.url)
    result = client.post(ask_url(subscription), {"type": "post_call"})["Location"]
    drain_until(Attempt.objects.exists)
    shown = client.get(result).content.decode()
    assert "Not found (404)" in shown
    assert "Check the path" in shown
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize("said", [{}, {"type": "no_such"}])
def test_without_an_event_it_asks_again(client, company, said):
    answer = client.post(ask_url(factories.make_subscription(company)), said)
    assert "Choose an event." in answer.content.decode()
    assert not Delivery.objects.exists()


def test_a_paused_one_can_be_tested_and_a_removed_one_cannot(client, company):
    subscription = factories.make_subscription(company, state="paused")
    page = client.get(reverse("admin:subscriptions_subscription_change", args=[subscription.pk])).content.decode()
    assert ask_url(subscription) in page
    assert "is paused, so only this test is sent" in client.get(ask_url(subscription)).content.decode()
    assert client.post(ask_url(subscription), {"type": "post_call"}).status_code == 302
    assert Delivery.objects.get().stage == Delivery.Stage.TEST
    Subscription.objects.filter(pk=subscription.pk).update(state="archived")
    assert "Add a new subscription" in client.get(ask_url(subscription)).content.decode()
    client.post(ask_url(subscription), {"type": "post_call"})
    assert Delivery.objects.count() == 1


def test_of_a_new_subscription_the_secret_is_shown_once_and_then_a_test_is_offered(client, company, receiver):
    url = reverse("admin:subscriptions_subscription_add")
    form = filled_in(client.get(url).content.decode())
    answer = client.post(url, {**form, "name": "CRM", "url": receiver.url, "events": ["all", "manifest.ready"]})
    subscription = Subscription.objects.get(name="CRM")
    assert subscription.events == [*(each.name for each in catalogue.main_types()), "manifest.ready"]
    assert not Delivery.objects.exists()
    page = client.get(answer["Location"])
    assert subscription.secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert ask_url(subscription) in page.content.decode()
    again = client.get(answer["Location"])
    assert again["Location"] == reverse("admin:subscriptions_subscription_change", args=[subscription.pk])


def test_only_who_added_it_is_shown_the_secret(client, company):
    subscription = factories.make_subscription(company)
    url = reverse("admin:subscriptions_subscription_first_secret", args=[subscription.pk])
    assert client.get(url).status_code == 302


def test_a_viewer_sees_the_result_and_sends_none(client, company):
    subscription = factories.make_subscription(company)
    result = client.post(ask_url(subscription), {"type": "post_call"})["Location"]
    viewer = login(factories.make_member(company, "viewer", username="viewer@example.com"))
    assert viewer.get(result).status_code == 200
    assert viewer.get(ask_url(subscription)).status_code == 403
    assert viewer.post(ask_url(subscription), {"type": "post_call"}).status_code == 403
    assert Delivery.objects.count() == 1


def test_only_test_events_of_this_subscription_are_shown(client, company):
    subscription, other = factories.make_subscription(company), factories.make_subscription(company, name="Other")
    factories.ended_call(company, factories.make_tracker(company))
    real = Delivery.objects.filter(subscription=subscription).first()
    tried = client.post(ask_url(other), {"type": "post_call"})["Location"].split("/")[-2]
    for pk in (real.pk, tried, 999_999):
        url = reverse("admin:subscriptions_subscription_test_result", args=[subscription.pk, pk])
        assert client.get(url).status_code == 404
        assert client.get(f"{url}state/").status_code == 404
