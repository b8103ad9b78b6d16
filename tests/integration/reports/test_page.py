"""The page Reports: what it counts, its filters and periods, its file, and whom it serves."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from callhooks_site.vendor_api import totals_upkeep
from subscriptions.models import AuditEntry, Membership
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
# A Wednesday at noon: the month before has these days too.
NOON = datetime(2026, 3, 18, 12, tzinfo=timezone.get_fixed_timezone(0))
QUERIES = 18


@pytest.fixture
def company():
    return factories.make_company("Acme", time_zone="Etc/UTC")


@pytest.fixture
def google(company):
    return factories.make_tracker(company, name="Search ads", source="google_paid")


@pytest.fixture
def signs(company):
    return factories.make_tracker(company, name="Signs", source="Yard signs")


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *_: NOON.date())


def call(company, tracker, days_ago: int = 0, phone: int = 123, *, answered: bool = True, **fields):
    start = NOON - timedelta(days=days_ago)
    return factories.make_call(
        company, tracker, start_time=start, ended_at=start + timedelta(minutes=1),
        answered_at=start + timedelta(seconds=9) if answered else None,
        customer_phone_number=f"+12145550{phone}", **fields,
    )  # fmt: skip


def shown(client, **asked) -> str:
    totals_upkeep.keep_up(seconds=30)
    answer = client.get(reverse("admin:reports"), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def figures(page: str) -> dict[str, str]:
    found = re.findall(r"<dt>([^<]*)</dt><dd[^>]*>(.*?)</dd>", page)
    return {term: re.sub("<[^>]*>", "", value).replace("\u202f", " ") for term, value in found}


def lines(page: str, title: str) -> list[str]:
    """The rows of a card, as text."""
    card = page.partition(f"<h2>{title}")[2].partition("</section>")[0]
    rows = re.findall(r'<tr role="row">(<th role="rowheader".*?)</tr>', card, re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", " ", row).split()).replace("\u202f", " ") for row in rows]


def test_figures_are_compared_with_the_same_days_of_the_month_before(client, company, google):
    for phone in (123, 124, 125):
        call(company, google, phone=phone)
    call(company, google, phone=126, answered=False, lead_status="good_lead", value="1200")
    call(company, google, days_ago=28, phone=123, answered=False)
    call(company, google, days_ago=28, phone=127)
    call(company, google, days_ago=19, phone=128)  # the month before, on a later day
    factories.make_text(company, google, sent_at=NOON)
    factories.make_form(company, submitted_at=NOON)
    page = shown(client)
    assert "1 – 18 March, compared with 1 – 18 February" in page
    seen = figures(page)
    assert seen["Calls"] == "4 +100 %"
    assert seen["Answered"] == "75 % +25 points"
    assert seen["First-time callers"] == "3 +50 %"
    assert (seen["Texts received"], seen["Forms"], seen["Good leads"], seen["Value"]) == ("1", "1", "1", "1,200")


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("asked", "calls"),
    [
        ({}, "2 ±0"),
        ({"period": "7"}, "1 ±0"),
        ({"period": "30"}, "3 +50 %"),
        ({"period": "90"}, "5"),
        ({"since": "2026-03-08", "until": "2026-03-09"}, "1"),
        ({"period": "none"}, "2 ±0"),
    ],
    ids=["month", "7", "30", "90", "days", "unknown"],
)
def test_periods(client, company, google, asked, calls):
    for days in (0, 10, 28, 40, 50):
        call(company, google, days_ago=days)
    assert figures(shown(client, **asked))["Calls"] == calls


@pytest.mark.sample(every=2)
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "soon"}, "Enter days as 2026-11-30."),
        ({"since": "2026-03-09", "until": "2026-03-08"}, "The first day is after the last one."),
        ({"since": "2020-01-01", "until": "2026-03-08"}, "A report shows 366 days at most."),
        ({"since": "0001-01-01", "until": "0001-01-01"}, "There are no calls then."),
    ],
    ids=["no-days", "reversed", "too-long", "long-ago"],
)
def test_days_that_cannot_be_shown_are_told(client, company, google, asked, said):
    call(company, google)
    page = shown(client, **asked)
    assert said in page
    assert figures(page)["Calls"] == "1"


def test_by_source_number_and_campaign(client, company, google, signs):
    call(company, google, phone=123, campaign="Spring roofs", value=300)
    call(company, google, phone=124, answered=False, source="Google Paid")
    call(company, signs, phone=125)
    call(company, signs, phone=126, source="Yelp")
    factories.make_form(company, submitted_at=NOON, campaign="Spring roofs", source="google_paid")
    page = shown(client)
    assert lines(page, "By source") == [
        "Google Paid 2 50 % – 1 – 300",
        "Yard signs 1 100 % – – – –",
        "Yelp 1 100 % – – – –",
    ]
    assert [line.rsplit(" ", 2)[1:] for line in lines(page, "By tracking number")] == [["2", "–"], ["2", "–"]]
    assert lines(page, "By campaign") == ["Spring roofs 1 1 1 forms –"]


def test_who_called_most_from_google_this_month_is_two_clicks_from_home(client, company, google, signs):
    for _ in range(3):
        call(company, google, phone=130, customer_name="Ann Example")
    for _ in range(2):
        call(company, google, phone=131)
    for _ in range(4):
        call(company, signs, phone=132)
    totals_upkeep.keep_up(seconds=30)
    home = client.get(reverse("admin:index")).content.decode()
    reports = re.search(r'href="(/admin/reports/)"', home)
    assert reports
    first = client.get(reports[1]).content.decode()
    assert lines(first, "Who called most")[0].startswith("214-555-0132 4 ")
    google_link = re.search(r'<a href="(\?source=[^"]*)">Google Paid</a>', first)
    assert google_link
    second = client.get(reverse("admin:reports") + google_link[1]).content.decode()
    assert "Who called most from Google Paid" in second
    callers = [" ".join(line.split()[:2]) for line in lines(second, "Who called most")]
    assert callers == ["Ann Example", "214-555-0131 2"]


def test_a_callers_name_is_looked_for_in_their_newest_calls_only(client, company, google):
    """A robot without a name may have called a million times."""
    call(company, google, days_ago=1, phone=140, customer_name="Old Name")
    for _ in range(6):
        call(company, google, phone=140)
    totals_upkeep.keep_up(seconds=30)
    assert lines(shown(client), "Who called most")[0].startswith("214-555-0140 7")


def test_filters_by_source_and_number(client, company, google, signs):
    call(company, google, phone=123)
    call(company, signs, phone=124)
    call(company, signs, phone=125, source="google_paid", days_ago=2)
    assert figures(shown(client, source="google_paid"))["Calls"] == "2"
    assert figures(shown(client, number=signs.pk))["Calls"] == "2"
    assert figures(shown(client, number=signs.pk, source="google_paid"))["Calls"] == "1"
    page = shown(client, source="-")
    assert "Nothing for these filters" in page
    assert figures(shown(client, source="google_paid", number="none"))["Calls"] == "2"


def test_people_with_two_numbers_are_one_caller(client, company, google):
    from calls import merging

    one, other = call(company, google, phone=123), call(company, google, phone=124)
    call(company, google, phone=125)
    merging.merge(one.person, other.person, by="Ann")
    assert lines(shown(client), "Who called most")[0].startswith("214-555-0123 2")


def test_the_file_has_what_is_shown(client, company, google):
    call(company, google, campaign="=1+1")
    totals_upkeep.keep_up(seconds=30)
    page = shown(client, source="google_paid")
    link = re.search(r'href="(/admin/reports/export/[^"]*)"', page)
    assert link
    answer = client.get(link[1].replace("&amp;", "&"))
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row[:4] for row in rows] == [
        ["By", "Which", "Calls", "Answered"],
        ["Whole period", "1 – 18 March", "1", "1"],
        ["Day", "2026-03-18", "1", "1"],
        ["Source", "Google Paid", "1", "1"],
        ["Tracking number", f"Search ads {rows[4][1].split()[-1]}", "1", "1"],
        ["Campaign", "'=1+1", "1", "1"],
        ["Hour", "Wednesday 12:00", "1", "1"],
    ]
    assert len({len(row) for row in rows}) == 1
    assert AuditEntry.objects.filter(act="Exported a report", company=company).count() == 1


def test_another_company_counts_for_nothing(client, company, google):
    other = factories.make_company("Other")
    theirs = factories.make_tracker(other, source="their_source")
    call(other, theirs, phone=150)
    call(company, google)
    for asked in ({}, {"company": other.pk}, {"number": theirs.pk}, {"source": "their_source"}):
        page = shown(client, **asked)
        assert "214-555-0150" not in page
        assert "Their Source" not in page
    assert client.get(reverse("admin:reports_export"), {"company": other.pk}).status_code == 200
    second = factories.make_company("Second")
    user = factories.make_member(second)
    Membership.objects.create(company=company, user=user, role="viewer")
    assert login(user).get(reverse("admin:reports_export"), {"company": other.pk}).status_code == 403
    every = shown(login(user), company=other.pk)
    assert company.name in every
    assert f"company={other.pk}" not in every


def test_an_operator_sees_the_figures_of_all_companies_and_chooses_one(company, google):
    call(company, google)
    second = factories.make_company("Second")
    call(second, factories.make_tracker(second), phone=131)
    operator = login(User.objects.create_superuser("operator@example.com", password="x"))
    every = shown(operator)
    assert f"?company={second.pk}" in every
    assert "All 2" in every
    assert f"?company={company.pk}" not in shown(operator, name="second")
    page = shown(operator, company=company.pk)
    assert figures(page)["Calls"] == "1"
    assert f"company={company.pk}&amp;source=google_paid" in page


def test_what_is_not_counted_yet_is_told(client, company, google):
    from callhooks_site.vendor_api.models import CallTotalState

    call(company, google)
    totals_upkeep.keep_up(seconds=30)
    CallTotalState.objects.update(complete=False)
    assert "still being counted" in client.get(reverse("admin:reports")).content.decode()


def test_it_takes_as_many_queries_for_much_as_for_little(client, company, google, signs, django_assert_num_queries):
    call(company, google)
    shown(client)
    with django_assert_num_queries(QUERIES):
        client.get(reverse("admin:reports"))
    for number in range(4):
        call(company, signs, phone=130 + number, days_ago=number, source=f"Source {number}", campaign=f"C {number}")
    totals_upkeep.keep_up(seconds=30)
    with django_assert_num_queries(QUERIES):
        client.get(reverse("admin:reports"))


def test_an_empty_report_says_so(client):
    assert "No calls, texts or forms in this period" in shown(client)
    assert date(2026, 3, 18) == timezone.localdate()
