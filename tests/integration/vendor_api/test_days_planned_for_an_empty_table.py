"""The days of many companies are counted by reading each company's own, though statistics are of an empty table.

The first minute of an installation with 1,000 companies once read all forms and calls for each of them: half a second,
and four times as much with twice as many.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.utils import timezone

from callhooks_site.vendor_api import totals_upkeep
from callhooks_site.vendor_api.models import CallDay
from calls.models import Call
from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from subscriptions.models import Company
from tests.support.factories import make_call, make_company, make_form, make_text, make_tracker
from tests.support.statistics import forget_statistics, rows_read, set_statistics

pytestmark = pytest.mark.django_db  # one transaction: its own counts of rows can be read

COMPANIES = 60
PAGES = 60
TABLES = ("calls_call", "forms_intake_formsubmission", "messaging_textmessage")
BESIDE = ("subscriptions_company", "calls_tracker", "calls_person", "vendor_api_calltotalmark")
MIXTURES = 12
# Times each row may be read: to be counted by the day and for reports, and to tell what else its company has.
READS = 15


def make_one_each(companies: list[Company]) -> None:
    now = timezone.now()
    for company in companies:
        tracker = make_tracker(company)
        make_call(company, tracker, start_time=now, ended_at=now)
        make_form(company, submitted_at=now)
        make_text(company, tracker)


def leave_pages(company: Company) -> None:
    """That were written, and hold nothing: so many that nobody reads all of them where an index will do."""
    now, tracker = timezone.now(), make_tracker(company)
    with suppress(RuntimeError), transaction.atomic():
        Call.objects.bulk_create(Call(company=company, tracker=tracker, start_time=now) for _ in range(PAGES * 5))
        FormSubmission.objects.bulk_create(FormSubmission(company=company, submitted_at=now) for _ in range(PAGES * 20))
        thread = make_text(company, tracker).thread
        TextMessage.objects.bulk_create(
            TextMessage(company=company, tracker=tracker, thread=thread, sent_at=now) for _ in range(PAGES * 40)
        )
        raise RuntimeError


def mixtures() -> Iterator[dict[str, tuple[int, int]]]:
    """Statistics of all tables and their indexes: none, of empty tables, and such as may be there at some moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.relname FROM pg_class r LEFT JOIN pg_index i ON i.indexrelid = r.oid"
            " WHERE coalesce(i.indrelid, r.oid) = ANY (%s::regclass[]::oid[]) ORDER BY 1",
            [[*TABLES, *BESIDE]],
        )
        names = [name for (name,) in cursor.fetchall()]
    yield dict.fromkeys(TABLES, (-1, 0))
    yield dict.fromkeys(TABLES, (0, 1))
    rng = random.Random(5)
    for _ in range(MIXTURES):
        yield {name: rng.choice([(-1, 0), (0, 0), (0, 1), (0, 50), (300, 30), (100_000, 3000)]) for name in names}


def test_days_of_many_companies():
    forget_statistics(*TABLES, *BESIDE)
    companies = [make_company() for _ in range(COMPANIES)]
    leave_pages(make_company())  # nobody counts its days, so that what it leaves is not looked at
    make_one_each(companies)
    for statistics in mixtures():
        with transaction.atomic():
            set_statistics(statistics)
            before = rows_read(*TABLES)
            totals_upkeep.keep_up(seconds=60)
            assert CallDay.objects.count() == COMPANIES
            assert rows_read(*TABLES) - before < READS * len(TABLES) * COMPANIES, statistics
            transaction.set_rollback(True)
