"""Days are counted as the calls, texts and forms are, whatever changes them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum

from callhooks_site.reports.counting import MOST_CAMPAIGNS, OTHER_CAMPAIGNS
from callhooks_site.reports.models import CampaignDay, SourceDay
from callhooks_site.vendor_api import totals_upkeep
from callhooks_site.vendor_api.models import CallTotalMark, CallTotalState
from calls.models import Call
from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from tests.support import factories

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/New_York")
DAY = date(2026, 3, 3)


@pytest.fixture
def company():
    return factories.make_company(time_zone="America/New_York")


@pytest.fixture
def tracker(company):
    return factories.make_tracker(company, source="google_paid")


def at(hour: int, minute: int = 0, *, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def call(company, tracker, start, **fields) -> Call:
    fields.setdefault("ended_at", start + timedelta(minutes=2))
    return factories.make_call(company, tracker, start_time=start, **fields)


def count() -> None:
    totals_upkeep.keep_up(seconds=30)
    assert not CallTotalMark.objects.exists()


def counted(kind: str = "call", **where) -> SourceDay:
    return SourceDay.objects.get(kind=kind, **where)


def test_calls_by_what_became_of_them(company, tracker):
    start = at(9)
    call(company, tracker, start, answered_at=start + timedelta(seconds=8), value="120.50", lead_status="good_lead")
    call(company, tracker, at(9, 30), customer_phone_number="+12145550124")
    call(company, tracker, at(10), customer_phone_number="+12145550125", abandoned=True)
    call(company, tracker, at(11), customer_phone_number="+12145550126", voicemail=True)
    call(company, tracker, at(12), direction="outbound", answered_at=at(12, 1))
    call(company, tracker, at(13), spam=True)
    call(company, tracker, at(14), ended_at=None)  # it rings
    count()
    seen = counted()
    assert (seen.total, seen.answered, seen.voicemail, seen.abandoned, seen.outbound) == (4, 1, 1, 1, 1)
    assert (seen.first_time, seen.good_leads, seen.value, seen.seconds_to_answer) == (4, 1, Decimal("120.50"), 8)
    assert (seen.tracker_id, seen.source, seen.day) == (tracker.pk, "", DAY)
    assert {hour: number for hour, number in enumerate(seen.hours) if number} == {9: 2, 10: 1, 11: 1}
    assert {hour: number for hour, number in enumerate(seen.answered_hours) if number} == {9: 1}


def test_texts_and_forms(company, tracker):
    factories.make_text(company, tracker, sent_at=at(8))
    factories.make_text(company, tracker, sent_at=at(9), direction="outbound")
    factories.make_form(company, submitted_at=at(23, 30), source="Yelp", campaign="Spring", value="10")
    count()
    texts, forms = counted("text"), counted("form")
    assert (texts.total, texts.outbound, texts.hours[8], texts.tracker_id) == (1, 1, 1, tracker.pk)
    assert (forms.total, forms.source, forms.hours[23], forms.tracker_id, forms.day) == (1, "Yelp", 1, None, DAY)
    campaign = CampaignDay.objects.get()
    assert (campaign.campaign, campaign.source, campaign.forms, campaign.calls) == ("Spring", "Yelp", 1, 0)


def test_who_called_before_is_no_first_time_caller(company, tracker):
    call(company, tracker, at(9, day=DAY - timedelta(days=40)))
    call(company, tracker, at(9))
    call(company, tracker, at(10), customer_phone_number="")  # nobody knows
    count()
    assert counted(day=DAY).first_time == 0
    assert SourceDay.objects.aggregate(first=Sum("first_time"))["first"] == 1


def test_what_changes_is_counted_anew(company, tracker):
    rows = [call(company, tracker, at(9, minute)) for minute in (1, 2, 3)]
    text, form = factories.make_text(company, tracker, sent_at=at(9)), factories.make_form(company, submitted_at=at(9))
    count()
    Call.objects.filter(pk=rows[0].pk).update(campaign="Spring")
    count()
    assert CampaignDay.objects.get().calls == 1
    Call.objects.filter(pk=rows[1].pk).update(abandoned=True)
    count()
    assert counted().abandoned == 1
    Call.objects.filter(pk=rows[1].pk).update(value=7)
    count()
    assert counted().value == 7
    TextMessage.objects.filter(pk=text.pk).update(sent_at=at(9, day=DAY + timedelta(days=1)))
    FormSubmission.objects.filter(pk=form.pk).update(source="Yelp")
    count()
    assert counted("text").day == DAY + timedelta(days=1)
    assert counted("form").source == "Yelp"
    form.delete()
    TextMessage.objects.filter(pk=text.pk).delete()
    count()
    assert not SourceDay.objects.exclude(kind="call").exists()


def test_what_changes_nothing_here_leaves_no_mark(company, tracker):
    row, form = call(company, tracker, at(9)), factories.make_form(company, submitted_at=at(9))
    count()
    Call.objects.filter(pk=row.pk).update(note="Roof")
    FormSubmission.objects.filter(pk=form.pk).update(note="Roof")
    assert not CallTotalMark.objects.exists()


def test_what_was_there_before_is_counted_once(company, tracker):
    factories.make_text(company, tracker, sent_at=at(9, day=DAY - timedelta(days=90)))
    call(company, tracker, at(9))
    factories.make_form(company, submitted_at=at(9, day=DAY + timedelta(days=90)))
    CallTotalMark.objects.all().delete()
    CallTotalState.objects.create(company=company, time_zone=company.time_zone)
    count()
    assert CallTotalState.objects.get().complete
    assert sorted(SourceDay.objects.values_list("kind", flat=True)) == ["call", "form", "text"]


def test_another_time_zone_has_other_days(company, tracker):
    call(company, tracker, at(23))
    factories.make_text(company, tracker, sent_at=at(23))
    count()
    company.time_zone = "Europe/Berlin"
    company.save()
    count()
    assert set(SourceDay.objects.values_list("day", flat=True)) == {DAY + timedelta(days=1)}
    assert counted().hours[5] == 1


def test_campaigns_beyond_the_most_frequent_are_counted_together(company, tracker):
    for number in range(MOST_CAMPAIGNS + 2):
        factories.make_form(company, submitted_at=at(9), campaign=f"Campaign {number:03}")
    factories.make_form(company, submitted_at=at(10), campaign="Campaign 101")
    count()
    assert CampaignDay.objects.count() == MOST_CAMPAIGNS + 1
    assert CampaignDay.objects.get(campaign="Campaign 101").forms == 2
    assert CampaignDay.objects.get(campaign=OTHER_CAMPAIGNS).forms == 2
