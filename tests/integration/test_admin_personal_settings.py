"""What somebody decides for themselves: alert mails, company by company."""

from __future__ import annotations

import pytest
from django.urls import reverse

from subscriptions.models import AuditEntry, Membership
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:own_settings")


def test_alert_mails_of_one_company_are_stopped_and_asked_for_again():
    first, second = factories.make_company("First"), factories.make_company("Second")
    user = factories.make_member(first)
    other = Membership.objects.create(company=second, user=user, role="owner")
    mine = Membership.objects.get(company=first, user=user)
    client = login(user)
    assert client.get(PAGE).content.decode().count("checked") == 2
    client.post(PAGE, {"alert_mails": [other.pk]})
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.alert_mails, other.alert_mails) == (False, True)
    assert AuditEntry.objects.filter(act="Stopped alert mails").count() == 1
    client.post(PAGE, {"alert_mails": [mine.pk, other.pk]})
    mine.refresh_from_db()
    assert mine.alert_mails
    assert AuditEntry.objects.filter(act="Asked for alert mails again", company=first).count() == 1


def test_nobody_elses_are_changed():
    company = factories.make_company()
    theirs = Membership.objects.get(user=factories.make_member(company, "owner", username="owner@example.com"))
    client = login(factories.make_member(company, "viewer", username="viewer@example.com"))
    assert "Viewers receive no alerts" in client.get(PAGE).content.decode()
    client.post(PAGE, {})
    theirs.refresh_from_db()
    assert theirs.alert_mails
