"""A report of the calls with a tag, of first-time callers, or of those that nobody called back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from callhooks_site.reports import selected
from callhooks_site.reports.selected import Selection, read_selected
from calls.models import Tag
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return factories.make_company()


def a_call(company, phone: int, hours_ago: int, *, answered: bool = True, **fields):
    start = timezone.now() - timedelta(hours=hours_ago)
    return factories.make_call(
        company,
        company.trackers.first(),
        start_time=start,
        ended_at=start + timedelta(minutes=1),
        answered_at=start + timedelta(seconds=5) if answered else None,
        customer_phone_number=f"+12145550{phone}",
        **fields,
    )


def counted(company, **selection) -> tuple[int, int]:
    today = timezone.localdate()
    total = read_selected(company, Selection(**selection), today - timedelta(days=20), today).total()
    return total.calls, total.answered


def test_each_selection_counts_its_calls_and_both_together(company):
    factories.make_tracker(company)
    tag = Tag.objects.create(company=company, name="Roof")
    a_call(company, 101, 9).tags.add(tag)  # first, answered
    a_call(company, 101, 8, answered=False).tags.add(tag)  # not the first; called again later
    a_call(company, 101, 7)
    a_call(company, 102, 6, answered=False)  # first, not called back
    a_call(company, 103, 5, answered=False, spam=True).tags.add(tag)
    assert counted(company, tag=tag.pk) == (2, 1)
    assert counted(company, which="first") == (2, 1)
    assert counted(company, which="not_called_back") == (1, 0)
    assert counted(company, tag=tag.pk, which="first") == (1, 1)
    other = Tag.objects.create(company=factories.make_company("Other"), name="Theirs")
    assert counted(company, tag=other.pk) == (0, 0)


def test_the_page_says_how_far_it_looked(company, monkeypatch):
    factories.make_tracker(company)
    for number in range(3):
        a_call(company, 101 + number, 1 + number)
    client, url = login(factories.make_member(company)), reverse("admin:reports")
    asked = {"which": "first", "period": "30"}
    page = client.get(url, asked).content.decode()
    assert "First-time callers" in page
    assert "Among the newest" not in page
    monkeypatch.setattr(selected, "MOST_FIRST", 2)
    assert "Among the newest 2 calls" in client.get(url, asked).content.decode()
    assert client.get(reverse("admin:reports_export"), asked).status_code == 200
