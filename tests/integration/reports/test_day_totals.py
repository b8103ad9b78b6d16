"""The days of a company are the sum of its sources' days, whatever writes those."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from callhooks_site.reports.models import DayTotal, SourceDay
from callhooks_site.vendor_api import totals_upkeep
from calls.models import Call
from tests.support import factories

pytestmark = pytest.mark.django_db
MIGRATION = import_module("callhooks_site.reports.migrations.0005_day_totals")
NINE = datetime(2026, 3, 3, 9, tzinfo=ZoneInfo("America/New_York"))
FIELDS = [field.attname for field in DayTotal._meta.concrete_fields if field.name != "id"]


@pytest.fixture
def company():
    """Two days of calls by two numbers, texts and forms of two sources, and another company's."""
    company, other = (factories.make_company(name, time_zone="America/New_York") for name in ("One", "Two"))
    for owner in (company, other):
        for number, tracker in enumerate([factories.make_tracker(owner, source=name) for name in ("yelp", "radio")]):
            for hours in (0, 1, 24):
                start = NINE + timedelta(hours=hours)
                factories.make_call(
                    owner, tracker, start_time=start, answered_at=start + timedelta(seconds=4 + number),
                    ended_at=start + timedelta(minutes=2), value="10.50", lead_status="good_lead",
                )  # fmt: skip
            factories.make_text(owner, tracker, sent_at=NINE)
        for source in ("yelp", "radio"):
            factories.make_form(owner, submitted_at=NINE, source=source)
    totals_upkeep.keep_up(seconds=30)
    return company


def stored() -> set[tuple[object, ...]]:
    return {tuple(map(str, row)) for row in DayTotal.objects.values_list(*FIELDS)}


def summed() -> set[tuple[object, ...]]:
    """Row by row in Python, which shares nothing with the triggers."""
    days: dict[tuple[object, ...], dict[str, object]] = {}
    for row in SourceDay.objects.values(*FIELDS):
        kept = days.setdefault((row["company_id"], row["day"], row["kind"]), row)
        if kept is not row:
            for name in FIELDS[3:]:
                one, other = kept[name], row[name]
                kept[name] = [a + b for a, b in zip(one, other, strict=True)] if isinstance(one, list) else one + other
    return {tuple(str(row[name]) for name in FIELDS) for row in days.values()}


def test_they_are_there_once_days_are_counted(company):
    assert DayTotal.objects.filter(company=company, kind="call").count() == 2
    first = DayTotal.objects.filter(company=company, kind="call").earliest("day")
    assert (first.total, first.hours[9], first.hours[10], first.seconds_to_answer) == (4, 2, 2, 18)
    assert first.value == 42
    assert stored() == summed()


def test_they_change_with_what_is_counted_anew(company):
    call = Call.objects.filter(company=company).earliest("start_time")
    Call.objects.filter(pk=call.pk).update(spam=True)
    totals_upkeep.keep_up(seconds=30)
    assert DayTotal.objects.filter(company=company, kind="call").earliest("day").total == 3
    assert stored() == summed()
    call.person.calls.all().delete()
    totals_upkeep.keep_up(seconds=30)
    assert not DayTotal.objects.filter(company=company, kind="call").exists()
    assert stored() == summed()


def test_they_go_with_a_part_of_a_day_and_with_their_company(company):
    SourceDay.objects.filter(company=company, source="yelp", kind="form").delete()
    assert DayTotal.objects.get(company=company, kind="form").total == 1
    assert stored() == summed()
    SourceDay.objects.filter(company=company, kind="form").delete()
    assert not DayTotal.objects.filter(company=company, kind="form").exists()


def test_the_migration_sums_what_was_counted_before(company):
    before = stored()
    DayTotal.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.FILL)
    assert stored() == before
