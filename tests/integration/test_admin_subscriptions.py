"""Subscriptions in the admin: made, paused, resumed, rotated, removed; and their secrets kept."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from subscriptions.events import catalogue
from subscriptions.models import Attempt, AuditEntry, Delivery, EndpointHealth, Event, Subscription
from tests.support import factories
from tests.support.admin import filled_in, login

pytestmark = pytest.mark.django_db

LIST = reverse("admin:subscriptions_subscription_changelist")
ADD = reverse("admin:subscriptions_subscription_add")


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


@pytest.fixture
def subscription(company):
    return factories.make_subscription(company, url="http://127.0.0.1:9999/hooks?key=7")


def url(subscription: Subscription, kind: str = "change") -> str:
    return reverse(f"admin:subscriptions_subscription_{kind}", args=[subscription.pk])


def told(answer) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def test_one_is_made_with_the_events_that_were_ticked(client, company):
    shown = client.get(ADD).content.decode()
    for event_type in catalogue.all_types():
        assert event_type.label in shown
        assert event_type.fires in shown
    data = {"name": "CRM", "url": "http://127.0.0.1:9999/hooks", "events": ["call_modified", "pre_call"]}
    answer = client.post(ADD, {**filled_in(shown), **data})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = Subscription.objects.get()
    assert (made.company, made.state) == (company, Subscription.State.ACTIVE)
    assert made.events == ["pre_call", "call_modified"]  # in the catalogue's order


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("url", "http://10.0.0.1/hooks", "private"),
        ("url", "ftp://example.com/", "http"),
        ("events", [], "choose at least one event"),
        ("events", ["no_such_event"], "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_told_beside_the_field(client, field, value, words):
    data = {"name": "CRM", "url": "http://127.0.0.1:9999/hooks", "events": ["post_call"], field: value}
    answer = client.post(ADD, data)
    assert words in str(answer.context["adminform"].form.errors[field]).lower()
    assert not Subscription.objects.exists()


def test_saved_untouched_it_stays_as_it_is(client, subscription):
    before = Subscription.objects.values().get()
    answer = client.post(url(subscription), filled_in(client.get(url(subscription)).content.decode()))
    assert answer.status_code == 302
    assert Subscription.objects.values().get() == before


def test_the_list_says_how_the_last_webhook_went(client, company, subscription):
    factories.make_subscription(company, name="Never used", events=["form_submission"])
    factories.ended_call(company)
    Delivery.objects.update(state="failed", due_at=None, status_code=404, attempts=10)
    shown = client.get(LIST).content.decode()
    for words in ("127.0.0.1:9999", "All", "Form Submission", "Not found (404)", "None yet", "Active"):
        assert words in shown, words
    assert "key=7" not in shown


def test_its_page_is_headed_by_its_name(client, subscription):
    assert client.get(url(subscription)).context["title"] == subscription.name


def test_the_page_says_how_its_server_answers(client, subscription):
    assert "Nothing has been sent to it yet." in client.get(url(subscription)).content.decode()
    now = timezone.now()
    health = EndpointHealth.objects.create(
        subscription=subscription,
        window_began=now,
        last_failure_at=now,
        last_failure="Timed out after 15 s.",
        failing_since=now - timedelta(seconds=10),
    )
    assert "Failing" not in client.get(LIST).content.decode()  # it may be a restart
    health.failing_since = now - timedelta(hours=1)
    health.save()
    assert "Failing" in client.get(LIST).content.decode()
    shown = client.get(url(subscription)).content.decode()
    assert "<dt>Last accepted</dt><dd>Never</dd>" in shown
    assert shown.index("<dt>Last accepted</dt>") < shown.index('id="subscription_form"')
    assert "Timed out after 15 s." in shown


def test_paused_it_holds_what_happens_and_resumed_it_sends_it(client, company, subscription):
    assert "Pause" in client.get(url(subscription)).content.decode()
    client.post(url(subscription, "pause"))
    subscription.refresh_from_db()
    assert subscription.state == Subscription.State.PAUSED
    factories.ended_call(company)
    held = Delivery.objects.get()
    assert held.state == Delivery.State.HELD

    question = client.get(url(subscription, "resume")).content.decode()
    assert "One webhook was held" in question
    answer = client.post(url(subscription, "resume"), {"held": "send"}, follow=True)
    assert "1 held webhook will be sent now." in told(answer)
    held.refresh_from_db()
    subscription.refresh_from_db()
    assert (subscription.state, held.state) == ("active", "pending")


def test_resumed_it_can_drop_what_was_held(client, company, subscription):
    client.post(url(subscription, "pause"))
    factories.ended_call(company)
    client.post(url(subscription, "resume"), {"held": "drop"})
    assert Delivery.objects.get().state == Delivery.State.CANCELLED


def test_nothing_held_is_sent_or_dropped_without_an_answer(client, company, subscription):
    client.post(url(subscription, "pause"))
    factories.ended_call(company)
    answer = client.post(url(subscription, "resume"))
    assert answer.status_code == 200
    subscription.refresh_from_db()
    assert subscription.state == Subscription.State.PAUSED
    assert Delivery.objects.get().state == Delivery.State.HELD


@pytest.mark.parametrize("kind", ["pause", "reveal_secret"])
def test_a_link_presses_no_button(client, subscription, kind):
    assert client.get(url(subscription, kind)).status_code == 405
    subscription.refresh_from_db()
    assert subscription.state == "active"


def test_a_button_wants_the_forms_token(company, subscription):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.make_member(company))
    assert client.post(url(subscription, "pause")).status_code == 403
    subscription.refresh_from_db()
    assert subscription.state == "active"


def test_the_secret_is_shown_when_asked_for_and_that_is_written_down(client, subscription):
    for page in (LIST, url(subscription), url(subscription, "history")):
        assert subscription.secret not in client.get(page).content.decode()
    answer = client.post(url(subscription, "reveal_secret"))
    assert subscription.secret in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert LogEntry.objects.get().change_message == "Viewed the signing secret."
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.company, entry.actor) == (
        "Viewed the signing secret",
        subscription.company,
        entry.user.get_username(),
    )
    assert "Viewed the signing secret." in client.get(url(subscription, "history")).content.decode()


def test_a_new_secret_leaves_the_old_one_valid_for_a_day(client, subscription):
    old = subscription.secret
    assert "24 hours" in client.get(url(subscription, "rotate_secret")).content.decode()
    assert Subscription.objects.get().secret == old  # the question changes nothing
    client.post(url(subscription, "rotate_secret"))
    subscription.refresh_from_db()
    assert subscription.secrets[1:] == [old]
    assert AuditEntry.objects.get().act == "Created a new signing secret"
    shown = client.post(url(subscription, "reveal_secret")).content.decode()
    assert subscription.secret in shown
    assert old in shown


def test_no_secret_is_kept_in_history_messages_or_cookies(client, subscription):
    client.post(url(subscription, "rotate_secret"))
    client.post(url(subscription, "reveal_secret"))
    subscription.refresh_from_db()
    history = json.dumps(list(LogEntry.objects.values("change_message", "object_repr")))
    cookies = client.cookies.output()
    for secret in subscription.secrets:
        assert secret not in history + cookies + json.dumps(dict(client.session.items()), default=str)


def test_removed_it_is_hidden_and_its_log_stays(client, company, subscription):
    factories.ended_call(company)
    question = client.get(url(subscription, "delete")).content.decode()
    assert "The log stays" in question
    answer = client.post(url(subscription, "delete"), {"post": "yes"}, follow=True)
    assert "was removed" in told(answer)
    subscription.refresh_from_db()
    assert subscription.state == Subscription.State.ARCHIVED
    assert Delivery.objects.get().state == Delivery.State.CANCELLED
    assert list(client.get(LIST).context["cl"].result_list) == []
    assert list(client.get(LIST, {"state": "archived"}).context["cl"].result_list) == [subscription]


def test_a_removed_one_can_be_read_and_nothing_more(client, company, subscription):
    from subscriptions.endpoints import operations

    operations.archive(subscription)
    shown = client.get(url(subscription))
    assert "Removed" in shown.content.decode()
    assert filled_in(shown.content.decode()) == {}
    assert shown.context["buttons"] == []
    assert client.post(url(subscription), {"name": "x"}).status_code == 403
    assert client.post(url(subscription, "delete"), {"post": "yes"}).status_code == 403
    answer = client.post(url(subscription, "resume"), {"held": "send"}, follow=True)
    assert "Make a new one" in told(answer)
    factories.ended_call(company)
    assert not Delivery.objects.exists()


def test_nobody_deletes_many_at_once(client, subscription):
    client.post(LIST, {"action": "delete_selected", "_selected_action": [subscription.pk], "post": "yes"})
    assert Subscription.objects.filter(state="active").exists()
    assert not client.get(LIST).context["action_form"]


def test_the_list_takes_the_same_queries_for_many(client, company, django_assert_max_num_queries):
    for number in range(10):
        factories.make_subscription(company, name=f"Number {number}")
    factories.ended_call(company)
    assert Event.objects.count() == 1
    with django_assert_max_num_queries(10):
        assert len(client.get(LIST).context["cl"].result_list) == 10


def test_the_last_day_stands_beside_each_and_takes_one_query_for_all(client, company):
    for name in ("One", "Two", "Three"):
        factories.make_subscription(company, name=name, events=["post_call"])
    with CaptureQueriesContext(connection) as few:
        assert client.get(LIST).content.decode().count("Nothing sent") == 3
    factories.ended_call(company, factories.make_tracker(company))
    for number, delivery in enumerate(Delivery.objects.order_by("subscription")):
        outcome = "delivered" if number else "failed"
        Delivery.objects.filter(pk=delivery.pk).update(state=outcome, due_at=None, attempts=1)
        Attempt.objects.create(delivery=delivery, number=1, outcome=outcome, started_at=timezone.now())
    with CaptureQueriesContext(connection) as many:
        page = client.get(LIST).content.decode()
    # Beside the picture, as its title, and for those who cannot see it.
    assert (page.count("100 % of 1"), page.count("0.0 % of 1")) == (2 * 3, 3)
    assert len(many) == len(few)
    shown = client.get(url(company.subscriptions.get(name="Two"))).content.decode()
    assert 'state=delivered">1</a></dd>' in shown


def test_a_second_new_secret_within_a_day_says_what_it_breaks(client, subscription):
    asked = url(subscription, "rotate_secret")
    assert "stops at once" not in client.get(asked).content.decode()
    client.post(asked)
    assert "the previous one stops working immediately" in client.get(asked).content.decode()
