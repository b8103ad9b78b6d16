"""Alerts reach a chat, a webhook of one's own and a mailbox: as deliveries of the outbox, in the shape of each product,
to those who asked for them. What goes wrong with an alert causes no alert."""

import json
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from subscriptions.delivery import endpoint_health
from subscriptions.endpoints import (
    alert_mails,
    alerts,
    chat_urls,
    delivery_news,
    destinations,
    endpoint_changes,
    operations,
)
from subscriptions.endpoints.rules import validate_events
from subscriptions.lib.errors import ActionRefused
from subscriptions.maintenance import integrity_check, statistics
from subscriptions.models import (
    AlertDestination,
    Attempt,
    AuditEntry,
    Delivery,
    EndpointHealth,
    Event,
    GivenUpDelivery,
    HourlyStatistics,
    MailRequest,
    Membership,
    Subscription,
)
from subscriptions.tenancy import mails
from tests.support.alerts import fails, is_well, make_destination
from tests.support.claims import claim, failed, finish
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_member, make_subscription
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crm() -> Subscription:
    return make_subscription(make_company(), name="CRM <b>")


def said(body: dict) -> str:
    return json.dumps(body, ensure_ascii=False)


@pytest.mark.parametrize(
    ("kind", "root"),
    [("slack", "blocks"), ("teams", "attachments"), ("googlechat", "cardsV2"), ("webhook", "times_failed")],
)
def test_a_failing_subscription_is_told_in_the_shape_of_each_product(kind, root, crm, receiver: Receiver):
    make_destination(crm.company, kind, receiver.url + "/T0/B0/secretsecret")
    fails(crm)
    endpoint_changes.tell()
    drain_until(nothing_pending)
    (got,) = receiver.got
    assert got.path == "/hooks/T0/B0/secretsecret"
    assert got.headers["Callhooks-Event"] == "endpoint.failing"
    assert got.headers["Content-Type"] == "application/json"
    body = json.loads(got.body)
    assert root in body
    for words in ("CRM", "The server answered 500.", f"/subscription/{crm.pk}/change/"):
        assert words in said(body)
    attempt = Attempt.objects.get()
    assert "secret" not in attempt.url
    assert "/hooks" not in attempt.url
    assert integrity_check.is_sound(integrity_check.check_integrity(seconds=None))


def test_recovered_disabled_and_given_up_are_told_too(crm, receiver: Receiver):
    make_destination(crm.company, "slack", receiver.url)
    fails(crm)
    endpoint_changes.tell()
    is_well(crm)
    endpoint_changes.tell()
    make_call(crm.company)
    for job in claim():
        if job.endpoint == crm.pk:
            gone = failed(job)
            gone.state, gone.reason = "failed", "We stopped trying after 10 attempts."
            finish(gone)
    assert delivery_news.publish_given_up() == 1
    endpoint_health.disable([crm.pk], "Nothing arrived for 5 days.")
    endpoint_changes.tell()
    types = set(Event.objects.filter(type__contains=".", fan_out=1).values_list("type", flat=True))
    assert types == {"endpoint.failing", "endpoint.recovered", "endpoint.disabled", "alert.given_up"}
    assert endpoint_changes.tell() == 0  # what is given up within the hour is told together


def test_the_url_is_encrypted_where_it_is_stored_and_masked_where_it_is_shown(crm):
    destination = make_destination(crm.company, "slack", "https://hooks.slack.com/services/T0/B0/sEcReT")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM subscriptions_subscription WHERE id = %s", [destination.endpoint_id])
        assert "sEcReT" not in str(cursor.fetchone())
    assert destination.endpoint.url == "https://hooks.slack.com/…"
    assert Subscription.with_alerts.get(pk=destination.endpoint_id).secret_url.endswith("/sEcReT")


def test_a_server_that_repeats_the_url_does_not_bring_it_into_the_log(crm, receiver: Receiver):
    receiver.answer = lambda got: (200, {"X-Path": got.path}, f"no such path {got.path}".encode())
    destinations.send_test(make_destination(crm.company, "slack", receiver.url + "/T0/B0/secretsecret"))
    drain_until(nothing_pending)
    attempt = Attempt.objects.get()
    assert b"secretsecret" not in bytes(attempt.response_body)
    assert "secretsecret" not in str(attempt.response_headers)


def test_nor_does_one_that_repeats_parts_of_it(crm, receiver: Receiver):
    echo = json.dumps({"args": {"token": "t0kent0kent0ken"}, "last": "secretsecret"}).encode()
    receiver.answer = lambda got: (200, {}, echo)
    url = f"{receiver.url}/T0/B0/secretsecret?key=short&token=t0kent0kent0ken"
    destinations.send_test(make_destination(crm.company, "slack", url))
    drain_until(nothing_pending)
    kept = bytes(Attempt.objects.get().response_body)
    assert b"t0ken" not in kept
    assert b"secretsecret" not in kept


def test_a_company_that_flaps_fills_no_mailbox_and_no_queue(crm, client, monkeypatch):
    """Also when its destinations are removed and added again in between, each of which has a limit of its own."""
    monkeypatch.setattr(alert_mails, "MOST_IN_AN_HOUR", 3)
    make_member(crm.company, "viewer", "viewer@example.com")
    other = make_destination(make_company("Other"), "mail", email="viewer@example.com")
    for _ in range(5):
        destination = make_destination(crm.company, "mail", email="viewer@example.com")
        if alert_mails.room(crm.company):
            destinations.send_test(destination)
        fails(crm)
        endpoint_changes.tell()
        is_well(crm)
        endpoint_changes.tell()
        mails.send_waiting()
        destinations.remove(destination)
    assert len(mail.outbox) + MailRequest.objects.filter(destination=None, finished_at=None).count() <= 3
    assert MailRequest.objects.count() == 3
    assert alert_mails.LAST_ONE in MailRequest.objects.order_by("pk").last().text
    with pytest.raises(ActionRefused, match="many emails"):
        destinations.send_test(make_destination(crm.company, "mail", email="viewer@example.com"))
    assert alert_mails.room(other.company) == 3


def test_no_list_of_subscriptions_has_its_endpoint_and_it_counts_for_no_limit(crm, settings):
    settings.SUBSCRIPTIONS_PER_COMPANY = 1
    destination = make_destination(crm.company)
    assert list(Subscription.objects.all()) == [crm]
    assert list(crm.company.subscriptions.all()) == [crm]
    assert destination.endpoint.events == []
    for name in ("endpoint.failing", "alert.test"):
        with pytest.raises(ValueError, match="Unknown event") if name.startswith("alert") else _nothing():
            validate_events([name])


def _nothing():
    from contextlib import nullcontext

    return nullcontext()


def test_an_alert_that_is_not_accepted_causes_no_alert_and_no_event(crm, receiver: Receiver):
    slack = make_destination(crm.company, "slack", receiver.url)
    make_subscription(crm.company, events=["delivery.given_up", "endpoint.failing"], name="Monitor")
    make_member(crm.company, "owner", "owner@example.com")
    destinations.send_test(slack)
    for job in claim():
        gone = failed(job)
        gone.state, gone.reason = "failed", "We stopped trying after 10 attempts."
        finish(gone)
    assert GivenUpDelivery.objects.count() == 0
    fails(slack.endpoint)
    endpoint_health.disable([slack.endpoint_id], "The server answered 410 Gone: it wants no more webhooks.")
    assert endpoint_changes.tell() == 0
    assert set(Event.objects.values_list("type", flat=True)) == {"alert.test"}
    assert alerts.tell() == 1  # people are told by mail
    (message,) = mail.outbox
    assert message.subject == "Alerts to Alerts by slack have been disabled"
    assert "alertdestination" in message.body


def test_alerts_are_none_of_the_webhooks_that_are_counted(crm, receiver: Receiver):
    destinations.send_test(make_destination(crm.company, url=receiver.url))
    drain_until(nothing_pending)
    statistics.roll_up()
    statistics.roll_up()
    assert not HourlyStatistics.objects.exists()


def test_who_did_not_ask_for_it_gets_nothing(crm, receiver: Receiver):
    other = make_subscription(crm.company, name="Other")
    make_destination(crm.company, url=receiver.url, alerts=["recovered"])
    make_destination(crm.company, url=receiver.url, subscriptions=[other])
    make_destination(crm.company, url=receiver.url, active=False)
    make_destination(make_company("Another"), url=receiver.url)
    mine = make_destination(crm.company, url=receiver.url, subscriptions=[crm, other])
    fails(crm)
    endpoint_changes.tell()
    assert [delivery.subscription_id for delivery in Delivery.objects.all()] == [mine.endpoint_id]


def test_a_persons_own_ends_with_the_membership_and_sleeps_with_the_login(crm, receiver: Receiver):
    user = make_member(crm.company, "viewer", "viewer@example.com")
    member = Membership.objects.get(user=user)
    own = make_destination(crm.company, url=receiver.url, member=member)
    user.is_active = False
    user.save()
    fails(crm)
    endpoint_changes.tell()
    assert Delivery.objects.count() == 0
    member.delete()
    assert not AlertDestination.objects.exists()
    assert Subscription.with_alerts.get(pk=own.endpoint_id).state == "archived"


def test_alert_mails_go_to_members_once_and_can_be_stopped(crm, client):
    make_member(crm.company, "owner", "owner@example.com")
    make_member(crm.company, "viewer", "viewer@example.com")
    for address in ("owner@example.com", "viewer@example.com"):
        make_destination(crm.company, "mail", email=address)
    with pytest.raises(ValueError, match="no member's address"):
        destinations.checked_email("mail", "stranger@example.com", crm.company)
    fails(crm)
    endpoint_changes.tell()
    mails.send_waiting()
    (message,) = mail.outbox  # the owner has the mails of their own settings about this
    assert (message.to, message.subject) == (["viewer@example.com"], "Webhooks to CRM <b> are failing")
    assert "The server answered 500." in message.body
    link = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert "Stop these emails" in client.get(link).content.decode()
    client.post(link, {"List-Unsubscribe": "One-Click"})
    assert not AlertDestination.objects.get(email="viewer@example.com").active
    assert AuditEntry.objects.get().act == "Turned off"
    is_well(crm)
    endpoint_changes.tell()
    mails.send_waiting()
    assert [one.to for one in mail.outbox[1:]] == [["owner@example.com"]]


def test_one_that_is_off_gets_nothing_and_drops_what_waited(crm, receiver: Receiver):
    destination = make_destination(crm.company, url=receiver.url)
    fails(crm)
    endpoint_changes.tell()
    destinations.turn(destination, on=False)
    with pytest.raises(ActionRefused, match="Turn it on first"):
        destinations.send_test(destination)
    destinations.turn(destination, on=True)
    destinations.send_test(destination)
    drain_until(nothing_pending)
    assert [got.headers["Callhooks-Event"] for got in receiver.got] == ["alert.test"]


def test_a_company_has_an_end_of_destinations(crm):
    for number in range(destinations.MOST_OF_COMPANY):
        make_destination(crm.company, name=f"No. {number}")
    with pytest.raises(ActionRefused, match="the most there may be"):
        make_destination(crm.company)


def test_a_new_url_is_used_at_once(crm, receiver: Receiver):
    destination = make_destination(crm.company)
    destinations.save_changed(destination, destinations.checked_url("webhook", receiver.url))
    destinations.send_test(destination)
    drain_until(nothing_pending)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("kind", "url", "words"),
    [
        ("slack", "https://app.slack.com/client/T0/C0", "Incoming Webhook"),
        ("slack", "https://acme.slack.com/archives/C0", "Incoming Webhook"),
        ("teams", "https://teams.microsoft.com/l/channel/19%3a0", "Workflows"),
        ("googlechat", "https://chat.google.com/room/AAAA", "Apps & integrations"),
        ("slack", "", "Paste"),
        ("webhook", "http://169.254.169.254/latest", "link-local"),
        ("slack", "hooks.slack.com/services/T0", "http"),
    ],
)
def test_what_is_no_webhook_is_refused_with_words(kind, url, words):
    with pytest.raises(ValueError, match=words):
        destinations.checked_url(kind, url)


def test_an_unusual_server_is_pointed_out_and_not_refused():
    assert chat_urls.hint("slack", "https://hooks.slack.com/services/T0/B0/x") == ""
    assert "hooks.slack.com" in chat_urls.hint("slack", "https://mattermost.example.com/hooks/x")
    assert chat_urls.hint("webhook", "https://example.com/") == ""


def test_an_alert_in_flight_of_a_removed_destination_goes_nowhere(crm, receiver: Receiver):
    destination = make_destination(crm.company, url=receiver.url)
    destinations.send_test(destination)
    destinations.remove(destination)
    assert Delivery.objects.get().state == "cancelled"
    assert MailRequest.objects.count() == 0
    with pytest.raises(ActionRefused):
        operations.resume(Subscription.with_alerts.get(pk=destination.endpoint_id), send_held=True)


def test_a_destination_that_fails_for_days_is_disabled_like_any_endpoint(crm):
    destination = make_destination(crm.company)
    now = timezone.now()
    EndpointHealth.objects.create(
        subscription=destination.endpoint,
        window_began=now,
        failing_since=now - timedelta(days=5, minutes=1),
        last_failure_at=now,
        failing_days=5,
        told_owner_at=now - timedelta(hours=1),
        told_warning_at=now - timedelta(days=1, minutes=1),
    )
    assert alerts.disable_hopeless() == 1
    assert Subscription.with_alerts.get(pk=destination.endpoint_id).state == "disabled"
