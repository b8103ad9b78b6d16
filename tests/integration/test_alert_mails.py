"""Owners get one mail when an endpoint begins to fail and one when it is disabled; not one per event."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.exceptions import ValidationError
from django.db.models import F
from django.test import Client
from django.utils import timezone

from subscriptions.delivery import endpoint_health
from subscriptions.delivery.breaker import Health, after
from subscriptions.endpoints import alerts, issues, operations
from subscriptions.models import AuditEntry, Delivery, EndpointHealth, EndpointIssue, Subscription
from subscriptions.tenancy.audit_log import Actor
from tests.support.factories import make_call, make_company, make_member, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription() -> Subscription:
    company = make_company()
    make_member(company, "owner", "owner@example.com")
    make_member(company, "admin", "admin@example.com")
    make_member(company, "viewer", "viewer@example.com")
    make_member(make_company("Other"), "owner", "other@example.com")
    return make_subscription(company)


def failing(subscription: Subscription, failing_days: int = 1, **ago: float) -> EndpointHealth:
    now = timezone.now()
    return EndpointHealth.objects.create(
        subscription=subscription,
        window_began=now,
        failing_since=now - timedelta(**ago),
        last_failure_at=now,
        last_failure="Timed out after 15 s.",
        failing_days=failing_days,
    )


def told_failing(
    subscription: Subscription, *, told: timedelta = timedelta(hours=1), warned: timedelta | None = None
) -> None:
    """The owners were told so long ago that it fails, and warned so long ago that it will be disabled."""
    now = timezone.now()
    EndpointHealth.objects.filter(pk=subscription.pk).update(
        told_owner_at=now - told, told_warning_at=now - warned if warned else None
    )


def test_owner_and_admins_are_told_once(subscription):
    failing(subscription, minutes=6)
    assert alerts.tell() == 1
    assert alerts.tell() == 0
    assert [message.to for message in mail.outbox] == [["admin@example.com"], ["owner@example.com"]]
    message = mail.outbox[0]
    assert message.subject == "Webhooks to CRM are failing"
    assert "Timed out after 15 s." in message.body
    assert "http://127.0.0.1:" in message.body


def test_a_short_failure_is_not_worth_a_mail(subscription):
    failing(subscription, minutes=4)
    assert alerts.tell() == 0
    assert mail.outbox == []


def test_what_somebody_looks_after_is_worth_the_warning_only(subscription):
    failing(subscription, minutes=6)
    assert issues.follow() == (1, 0)
    issues.acknowledge(EndpointIssue.objects.get(), Actor("dana@example.com"))
    assert alerts.tell() == 0
    EndpointHealth.objects.update(failing_since=timezone.now() - timedelta(days=4, minutes=1), failing_days=4)
    assert alerts.tell() == 1
    assert {message.subject for message in mail.outbox} == {"Webhooks to CRM will be disabled"}
    issues.solve(EndpointIssue.objects.get(), Actor("dana@example.com"))
    assert alerts.tell() == 1  # it fails still, and nobody looks after it


def test_a_mail_that_cannot_be_sent_is_tried_again(subscription, settings):
    failing(subscription, minutes=6)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert alerts.tell() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert alerts.tell() == 1


def test_before_it_is_disabled_owners_are_warned_a_day_ahead(subscription):
    failing(subscription, days=3, hours=23, failing_days=4)
    told_failing(subscription)
    assert alerts.tell() == 0
    EndpointHealth.objects.update(failing_since=timezone.now() - timedelta(days=4, minutes=1))
    assert alerts.tell() == 1
    assert alerts.tell() == 0
    message = mail.outbox[0]
    assert message.subject == "Webhooks to CRM will be disabled"
    off_at = timezone.now() + timedelta(days=1)
    assert f"on {off_at.day} {off_at:%B %Y} at" in message.body


def test_after_five_days_of_only_failures_it_is_disabled_held_and_told(subscription):
    make_call(subscription.company)
    failing(subscription, days=5, minutes=1, failing_days=3)
    told_failing(subscription, warned=timedelta(days=1, minutes=1))
    assert alerts.disable_hopeless() == 1
    subscription.refresh_from_db()
    assert (subscription.state, subscription.state_reason) == ("disabled", "Nothing arrived for 5 days.")
    assert Delivery.objects.get().state == "held"
    assert AuditEntry.objects.get().act == "Disabled"
    assert alerts.tell() == 1
    assert alerts.tell() == 0
    assert mail.outbox[0].subject == "Webhooks to CRM have been disabled"


@pytest.mark.parametrize("warned", [None, timedelta(hours=23)], ids=["never", "less than a day ago"])
def test_without_a_warning_a_day_before_it_is_not_disabled(subscription, warned):
    failing(subscription, days=9, failing_days=9)
    told_failing(subscription, warned=warned)
    assert alerts.disable_hopeless() == 0


def test_one_failure_days_ago_and_one_today_neither_warn_nor_disable(subscription):
    began = timezone.now() - timedelta(days=6)
    health = Health(window_began=began.timestamp())
    for moment in (began, timezone.now() - timedelta(minutes=1)):
        health = after(health, good=0, bad=1, reason="It broke.", now=moment.timestamp())
    failing(subscription, days=6, failing_days=health.failing_days)
    told_failing(subscription)
    assert alerts.tell() == 0
    told_failing(subscription, warned=timedelta(days=2))
    assert alerts.disable_hopeless() == 0


def test_before_five_days_it_is_not_disabled(subscription):
    failing(subscription, days=4, hours=23, failing_days=5)
    told_failing(subscription, warned=timedelta(days=1, minutes=1))
    assert alerts.disable_hopeless() == 0


def test_a_warning_of_an_earlier_outage_does_not_count(subscription):
    failing(subscription, days=5, minutes=1, failing_days=5)
    told_failing(subscription, warned=timedelta(days=30))
    assert alerts.disable_hopeless() == 0


def test_an_endpoint_that_fails_and_recovers_in_turns_is_worth_one_mail_in_six_hours(subscription):
    failing(subscription, minutes=6)
    told_failing(subscription, told=timedelta(hours=1))
    assert alerts.tell() == 0
    told_failing(subscription, told=timedelta(hours=7))
    assert alerts.tell() == 1


def test_old_failures_and_silence_since_disable_nothing(subscription):
    failing(subscription, days=9, failing_days=9)
    told_failing(subscription, warned=timedelta(days=2))
    EndpointHealth.objects.update(last_failure_at=timezone.now() - timedelta(days=3))
    assert alerts.disable_hopeless() == 0


def test_disabled_again_after_a_resume_is_told_again(subscription):
    failing(subscription, minutes=1)
    endpoint_health.disable([subscription.pk], "The server answered 410 Gone.")
    assert alerts.tell() == 1
    operations.resume(subscription, send_held=True)
    endpoint_health.disable([subscription.pk], "The server answered 410 Gone.")
    assert alerts.tell() == 1


def test_a_mail_is_stopped_by_its_own_link_with_one_click(subscription):
    failing(subscription, minutes=6)
    alerts.tell()
    message = mail.outbox[0]
    link = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in message.body
    at, stranger = urlsplit(link).path, Client(enforce_csrf_checks=True)
    assert "Stop these emails" in stranger.get(at).content.decode()
    assert len(alerts.to_tell(subscription.company)) == 2  # a look stops nothing
    assert "Turn them on again" in stranger.post(at, {"List-Unsubscribe": "One-Click"}).content.decode()
    assert [member.user.username for member in alerts.to_tell(subscription.company)] == ["owner@example.com"]
    assert AuditEntry.objects.get().act == "Stopped alert mails"
    stranger.post(at, {"do": "again"})
    assert len(alerts.to_tell(subscription.company)) == 2
    assert stranger.post(at[:-3] + "x/", {}).status_code == 404


def test_a_name_that_cannot_stand_in_a_subject_keeps_no_other_owner_waiting(subscription):
    bad = make_subscription(make_company("Bad"), name="CRM\nBcc: x@example.com")
    make_member(bad.company, "owner", "bad@example.com")
    failing(bad, minutes=9)
    failing(subscription, minutes=6)
    assert alerts.tell() == 2
    assert "Webhooks to CRM Bcc: x@example.com are failing" in [message.subject for message in mail.outbox]
    with pytest.raises(ValidationError, match="A name must be one line"):
        bad.full_clean()


def test_one_failure_sends_no_mail_however_long_ago_it_was(subscription):
    EndpointHealth.objects.filter(pk=failing(subscription, minutes=30).pk).update(last_failure_at=F("failing_since"))
    assert alerts.tell() == 0
    assert mail.outbox == []


def test_one_mail_that_breaks_keeps_no_other_waiting(subscription):
    bad = make_subscription(make_company("Bad"), name="Bad")
    owner = make_member(bad.company, "owner", "bad@example.com")
    User.objects.filter(pk=owner.pk).update(email="bad\n@example.com")  # which no mail can be sent to
    failing(bad, minutes=9)
    failing(subscription, minutes=6)
    assert alerts.tell() == 1
    assert [message.to for message in mail.outbox] == [["admin@example.com"], ["owner@example.com"]]
