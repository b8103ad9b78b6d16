"""`./dev demo --month`: a company with a month behind it, and three subscriptions of which one fails."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callhooks_site.devtools.month import plan
from callhooks_site.devtools.month.fill import COMPANY, fill_month
from callhooks_site.reports.models import SourceDay
from calls.models import Call
from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from subscriptions.models import Company, Delivery, EndpointHealth, HourlyStatistics

pytestmark = pytest.mark.django_db
SIZE = 60


def test_a_month_that_looks_lived_in(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLHOOKS_VAR", str(tmp_path))
    said: list[str] = []
    path = fill_month(said.append, size=SIZE)
    company, now = Company.objects.get(name=COMPANY), timezone.now()
    mine = {"company": company}
    recent = Call.objects.filter(start_time__gt=now - timedelta(days=plan.DAYS + 1), **mine)
    things = [recent.count(), TextMessage.objects.filter(**mine).count(), FormSubmission.objects.filter(**mine).count()]
    assert SIZE <= sum(things) <= SIZE + 5, "and calls of the day before"
    assert all(things)
    assert Call.objects.filter(**mine).exclude(pk__in=recent).exists(), "something to compare with"
    assert said, "a line for each day"
    assert recent.filter(recording_url__endswith=".wav", recording_duration__gt=0).exists(), "and they can be played"
    failing = EndpointHealth.objects.filter(subscription__company=company, failing_since__isnull=False)
    assert failing.values_list("subscription__name", flat=True).get() == "Lead sheet"
    assert company.subscriptions.count() == 3
    assert company.alert_destinations.get().alerts == ["disabled", "summary"], "and mails no invented failure"
    delivered = Delivery.objects.filter(state="delivered", **mine)
    assert delivered.filter(created_at__lt=now - timedelta(days=7)).exists()
    assert not Delivery.objects.filter(state="pending", due_at__lt=now + timedelta(minutes=5), **mine).exists()
    assert HourlyStatistics.objects.filter(company_id=company.pk).exists()
    assert SourceDay.objects.filter(**mine).exists()
    demo = json.loads(path.read_text())
    for login in ("month_user", "month_newcomer"):
        password = demo["month_password" if login == "month_user" else f"{login}_password"]
        assert User.objects.get(username=demo[login]).check_password(password)
    assert company.invitations.exists()
    assert company.feed_consumers.exists()

    calls = Call.objects.filter(**mine).count()
    again = json.loads(fill_month(said.append, size=SIZE).read_text())
    assert again["month_password"] == demo["month_password"], "the login stays"
    assert Call.objects.filter(**mine).count() == calls, "a company has one month"
