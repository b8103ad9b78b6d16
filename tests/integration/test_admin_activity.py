"""The activity page: calls, texts and forms in one list, its filters, its pages and its file."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callhooks_site.activity import all_companies, reading
from callhooks_site.activity.models import SavedView
from calls.models import Tag
from subscriptions.models import AuditEntry, Delivery, Membership
from tests.support import factories
from tests.support.admin import MARK, OTHER_PHONE, login, marks_of, two_tenants

pytestmark = pytest.mark.django_db
PAGE = "/admin/activity/"


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company) -> Client:
    return login(factories.make_member(company))


def ago(**how):
    return timezone.now() - timedelta(**how)


def a_call(company, name: str, *, tracker=None, **how):
    """A call that ended; unanswered unless `answered_at` is given. Its number comes from the first letter."""
    start = how.pop("start_time", ago(minutes=30))
    number = how.pop("customer_phone_number", f"+121455501{ord((name or '?')[0]) % 100:02d}")
    given = {"start_time": start, "ended_at": start + timedelta(seconds=40), "customer_name": name, **how}
    return factories.make_call(company, tracker, customer_phone_number=number, **given)


def who(answer) -> list[str]:
    """The names in the list, in its order."""
    return [row.who for day in answer.context["days"] for row in day.rows]


def test_calls_texts_and_forms_stand_in_one_list_the_newest_first(client, company):
    a_call(company, "Ann", start_time=ago(minutes=3))
    factories.make_text(
        company, content="Is Thursday fine?", sent_at=ago(minutes=1), customer_phone_number="+12145550101"
    )
    factories.make_form(company, form_data={"name": "Bea", "message": "Flat roof"}, submitted_at=ago(minutes=2))
    answer = client.get(PAGE)
    assert who(answer) == ["214-555-0101", "Bea", "Ann"]
    shown = answer.content.decode()
    assert "“Is Thursday fine?”" in shown
    assert "“Flat roof”" in shown
    assert who(client.get(PAGE, {"sort": "oldest"})) == ["Ann", "Bea", "214-555-0101"]


def test_a_row_says_how_the_call_went_and_whether_somebody_called_back(client, company):
    moment = ago(hours=2)
    a_call(company, "Ann", start_time=moment, answered_at=moment + timedelta(seconds=8), duration=252)
    a_call(company, "Bea", start_time=moment)
    a_call(company, "Cyd", start_time=moment)
    a_call(company, "Cyd", direction="outbound", start_time=moment + timedelta(minutes=5))
    a_call(company, "Dan", start_time=moment, abandoned=True)
    a_call(company, "Eve", start_time=moment, voicemail=True)
    rows = {(row.who, row.state): row.more for day in client.get(PAGE).context["days"] for row in day.rows}
    assert rows["Ann", "Answered"] == "4 min 12 s"
    assert rows["Bea", "Missed"] == "rang 40 s, not called back yet"
    assert re.fullmatch(r"rang 40 s, called back (\d+ \w+, )?\d\d:\d\d", rows["Cyd", "Missed"])
    assert rows["Dan", "Abandoned"] == "after 40 s"
    assert rows["Eve", "Voicemail"] == "40 s, not called back yet"
    assert who(client.get(PAGE, {"outcome": "to_call_back"})).count("Cyd") == 0
    assert {*who(client.get(PAGE, {"outcome": "to_call_back"}))} == {"Bea", "Dan", "Eve"}


def test_a_row_says_whether_its_webhooks_arrived(client, company):
    subscription = factories.make_subscription(company)
    call = factories.ended_call(company, customer_name="Ann")
    for state, words in (("delivered", "Delivered"), ("failed", "Failed"), ("held", "Held"), ("cancelled", "Not sent")):
        Delivery.objects.filter(subscription=subscription).update(state=state, due_at=None, claim=None)
        shown = client.get(PAGE).content.decode()
        link = f'{reverse("admin:subscriptions_delivery_changelist")}?since=all&amp;q={call.resource_id}">{words}</a>'
        assert link in shown, state


def test_a_text_is_named_by_the_newest_call_of_its_sender(client, company):
    a_call(company, "Zoe", customer_phone_number="+12145550101", start_time=ago(days=3))
    a_call(company, "Zoe Smith", customer_phone_number="+12145550101", start_time=ago(days=2))
    a_call(company, "", customer_phone_number="+12145550101", start_time=ago(days=1))
    factories.make_text(company, customer_phone_number="+12145550101")
    rows = [row for day in client.get(PAGE).context["days"] for row in day.rows]
    assert [(row.who, row.number) for row in rows[:2]] == [("Zoe Smith", "214-555-0101")] * 2


def test_each_filter_leaves_what_it_says(client, company):
    google = factories.make_tracker(company, name="Google", source="google_paid", phone_number="+12145550190")
    signs = factories.make_tracker(company, name="Signs", source="yard_signs", phone_number="+12145550191")
    tag = Tag.objects.create(company=company, name="Hail")
    moment = ago(days=1)
    a_call(company, "Ann", tracker=google, start_time=moment, answered_at=moment).tags.add(tag)
    a_call(company, "Bea", tracker=signs, start_time=ago(days=10))
    a_call(company, "Cyd", tracker=signs, source="radio", start_time=ago(days=2))
    factories.make_text(company, google, customer_phone_number="+12145550101", sent_at=ago(days=3))
    factories.make_form(company, form_data={"name": "Dan"}, source="radio", submitted_at=ago(days=4))

    def left(**asked) -> set[str]:
        return set(who(client.get(PAGE, asked)))

    assert left(kind="text") == {"214-555-0101"}
    assert left(kind=["call", "form"]) == {"Ann", "Bea", "Cyd", "Dan"}
    assert left(outcome="answered") == {"Ann"}
    assert left(outcome="missed") == {"Bea", "Cyd"}
    assert left(source="google_paid") == {"Ann", "214-555-0101"}
    assert left(source="yard_signs") == {"Bea"}
    assert left(source="radio") == {"Cyd", "Dan"}
    assert left(tracker=signs.pk) == {"Bea", "Cyd"}
    assert left(tag=tag.pk) == {"Ann"}
    assert left(since="7d") == {"Ann", "Cyd", "214-555-0101", "Dan"}
    day = timezone.localtime(ago(days=10)).date()
    assert "Bea" in left(**{"from": str(day - timedelta(days=1)), "to": str(day + timedelta(days=1))})
    assert left(to=str(day - timedelta(days=2))) == set()
    assert left(kind="call", outcome="missed", source="radio") == {"Cyd"}


@pytest.mark.sample(every=4)
@pytest.mark.parametrize(
    "asked",
    ["kind=fax", "outcome=x", "tracker=a", "tag=-1", "since=1y", "from=2026-13-01", "page=0", "page=201", "page=x",
     "before=now", "sort=size", "kind=call&kind=x", "to=0001-01-01", "before=2026-01-01T00:00:00"],
)  # fmt: skip
def test_a_link_with_an_unknown_filter_leads_to_everything_and_says_so(client, asked):
    answer = client.get(f"{PAGE}?{asked}", follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "asks for a filter that does not exist" in answer.content.decode()


def test_pages_show_each_row_once(client, company, monkeypatch):
    monkeypatch.setattr(reading, "PAGE_SIZE", 2)
    moment = ago(hours=1)
    names = [f"Person {letter}" for letter in "ABCDE"]
    for number, name in enumerate(names):
        a_call(
            company,
            name,
            start_time=moment - timedelta(minutes=number // 2),
            customer_phone_number=f"+121455501{number:02d}",
        )
    seen, url = [], PAGE
    while url:
        answer = client.get(url)
        seen += who(answer)
        url = answer.context["pages"]["older"]
    assert sorted(seen) == names
    assert len(answer.context["days"]) == 1
    assert answer.context["pages"]["words"] == "5–5 of 5"


def test_a_filter_without_an_index_looks_at_so_many_rows_and_goes_on(client, company, monkeypatch):
    monkeypatch.setattr(reading, "SCAN_LIMIT", 5)
    for number in range(6):
        a_call(company, f"New {number}", start_time=ago(minutes=number + 1), answered_at=ago(minutes=number + 1))
    a_call(company, "Old", start_time=ago(days=1))
    first = client.get(PAGE, {"outcome": "missed"})
    assert who(first) == []
    assert "Look further" in first.content.decode()
    seen, url = [], first.context["pages"]["go_on"]
    while url:
        answer = client.get(url)
        seen, url = seen + who(answer), answer.context["pages"]["go_on"]
    assert seen == ["Old"]


def lines_of(answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_the_file_has_what_the_list_shows_and_is_noted(client, company, monkeypatch):
    monkeypatch.setattr("callhooks_site.activity.export.CHUNK", 2)
    moment = ago(hours=1)
    for number in range(5):
        a_call(company, f"Person {number}", start_time=moment, customer_phone_number=f"+1214555010{number}", note="x")
    a_call(company, "=1+1", start_time=ago(hours=2))
    factories.make_text(company, content="Hello", sent_at=ago(hours=3))
    answer = client.get(f"{PAGE}export/", {"kind": "call"})
    heading, *rows = lines_of(answer)
    assert heading[:4] == ["Time", "Kind", "Who", "Number"]
    assert sorted(row[2] for row in rows) == ["'=1+1", *(f"Person {number}" for number in range(5))]
    assert AuditEntry.objects.get(act="Exported activity").detail == "With kind=call"


def test_a_long_file_ends_with_a_line_that_says_so(client, company, monkeypatch):
    monkeypatch.setattr("subscriptions.admin.kit.export.MAX_ROWS", 2)
    for number in range(3):
        a_call(company, f"Person {number}", start_time=ago(minutes=number))
    rows = lines_of(client.get(f"{PAGE}export/"))
    assert len(rows) == 4
    assert rows[-1] == ["This file contains the first 2 rows only. Choose a shorter period for the rest."]


def test_somebody_with_several_companies_sees_all_or_chooses_one(company):
    other = factories.make_company("Other Dental")
    user = factories.make_member(company)
    Membership.objects.create(company=other, user=user, role="viewer")
    a_call(company, "Ann")
    a_call(other, "Bea")
    client = login(user)
    everything = client.get(PAGE)
    assert who(everything) == ["Bea", "Ann"]
    assert f"?company={other.pk}" in everything.content.decode()
    chosen = client.get(PAGE, {"name": ""})
    assert [name for name, _ in chosen.context["companies"]] == ["Acme Dental", "Other Dental"]
    assert [name for name, _ in client.get(PAGE, {"name": "other"}).context["companies"]] == ["Other Dental"]
    asked = client.get(PAGE, {"q": "0142"})
    assert f"?company={company.pk}&amp;q=0142" in asked.content.decode()
    answer = client.get(PAGE, {"company": other.pk})
    assert who(answer) == ["Bea"]
    assert f"company={other.pk}" in answer.context["export_url"]
    assert f"company={other.pk}" in answer.context["clear_url"]
    assert lines_of(client.get(f"{PAGE}export/", {"company": company.pk}))[1][2] == "Ann"


def test_all_companies_are_read_page_by_page_and_nothing_is_left_out(company, monkeypatch):
    monkeypatch.setattr(all_companies, "PAGE_SIZE", 2)
    monkeypatch.setattr(all_companies, "READ", 4)
    others = [factories.make_company(f"Other {number}") for number in range(3)]
    user = factories.make_member(company)
    for other in others[:2]:
        Membership.objects.create(company=other, user=user, role="viewer")
    for number in range(3):
        for one in (company, *others):
            a_call(one, f"{one.name} {number}", start_time=ago(minutes=number, seconds=one.pk % 50))
    client, found, url = login(user), [], PAGE
    while url:
        answer = client.get(url)
        found += who(answer)
        url = answer.context["older"]
    assert sorted(found) == sorted(f"{one.name} {number}" for one in (company, *others[:2]) for number in range(3))


def test_nothing_of_another_company_is_shown_whatever_is_asked():
    ours, other = two_tenants()
    client, marks = login(ours.admin), marks_of(other)
    SavedView.objects.create(company=other.company, owner=ours.admin, name="Once mine", query="")
    theirs = {
        "tracker": other.tracker.pk, "tag": other.tag.pk, "source": other.tracker.source, "company": other.company.pk,
    }  # fmt: skip
    asked = [{name: value} for name, value in theirs.items()]
    asked += [{"q": words} for words in (OTHER_PHONE, "972-555-0177", "0177", MARK, "zq7", other.call.resource_id)]
    for query in asked:
        for url in (PAGE, f"{PAGE}export/", f"{PAGE}savedview/add/"):
            answer: Any = client.get(url, query, follow=True)
            shown = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
            found = [mark for mark in marks if mark in shown and mark not in str(query)]
            assert not found, (url, query)
            if url == PAGE and "q" in query:
                assert who(answer) == []
    for pk in SavedView.objects.filter(company=other.company).values_list("pk", flat=True):
        assert client.post(f"{PAGE}savedview/{pk}/", {"delete": "yes"}).status_code == 404
    client.post(f"{PAGE}savedview/add/?company={other.company.pk}", {"name": "Mine", "shared": "on"})
    assert not SavedView.objects.filter(name="Mine").exists()
