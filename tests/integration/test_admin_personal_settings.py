"""What somebody decides for themselves: alert mails, company by company."""

from __future__ import annotations

import pytest
from django.urls import reverse

from subscriptions.admin import own_settings
from subscriptions.models import AuditEntry, Membership
from tests.support import factories
from tests.support.admin import filled_in, login

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


def test_those_of_many_companies_are_on_pages_and_found_by_name(monkeypatch):
    monkeypatch.setattr(own_settings, "MOST_NAMED", 2)
    companies = [factories.make_company(name) for name in ("First", "Second", "Third")]
    user = factories.make_member(companies[0])
    for company in companies[1:]:
        Membership.objects.create(company=company, user=user, role="owner")
    client = login(user)
    pages = [client.get(f"{PAGE}?page={number}").content.decode() for number in (1, 2)]
    assert [page.count("checked") for page in pages] == [2, 1]
    assert "Third" in client.get(f"{PAGE}?q=thi").content.decode()
    # What was not shown stays, whatever is on that page by now.
    (third,) = filled_in(pages[1])["shown"]
    client.post(f"{PAGE}?page=1", {"shown": [third]})
    asked = Membership.objects.filter(user=user, alert_mails=True).values_list("company__name", flat=True)
    assert sorted(asked) == ["First", "Second"]
