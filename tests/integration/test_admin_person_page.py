"""The page of a person: one timeline of calls, texts and forms, newest first, with totals; of all their numbers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from calls import merging
from calls.admin import contacts, people_page
from calls.models import Person
from tests.support import factories
from tests.support.admin import filled_in, login

pytestmark = pytest.mark.django_db
PHONE = "+12145550188"


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def page(person: Person) -> str:
    return reverse("admin:calls_person_change", args=[person.pk])


def titles(content: str) -> list[str]:
    listed = content.partition('id="timeline"')[2].partition("</section>")[0]
    return re.findall(r'<a class="ellipsis" href="[^"]*">(.*?)</a>', listed)


def ago(**span: float):
    return timezone.now() - timedelta(**span)


@pytest.fixture
def person(company) -> Person:
    """Two calls, a text and a form, and somebody else's call."""
    factories.ended_call(company, customer_phone_number=PHONE, start_time=ago(days=2), agent_email="sam@example.com",
                         customer_name="Quinn Park")  # fmt: skip
    factories.make_call(company, customer_phone_number=PHONE, start_time=ago(hours=3), ended_at=ago(hours=3))
    factories.make_text(company, customer_phone_number=PHONE, sent_at=ago(hours=2), content="Are you open?")
    factories.make_form(company, form_data={"phone": PHONE, "roof": "Shingle"}, submitted_at=ago(days=3), source="bing")
    factories.ended_call(company, customer_phone_number="+12145550199", start_time=ago(hours=1))
    return Person.objects.get(phone=PHONE)


def test_all_contacts_are_one_timeline_newest_first(client, person):
    content = client.get(page(person)).content.decode()
    assert titles(content) == ["Text received", "Missed call", "Call answered by Sam", "Form filled in"]
    assert "Are you open?" in content
    assert "Shingle" in content


def test_it_opens_with_totals_and_a_name_from_the_calls(client, person):
    content = client.get(page(person)).content.decode()
    figures = content.partition("<dl")[2].partition("</dl>")[0]
    words = " ".join(re.sub("<[^>]*>", " ", figures).split())
    assert "Calls 2 1 answered, 1 missed Texts 1 Forms 1 Time on the phone 13 s First contact" in words
    assert "<h1>Quinn Park</h1>" in content
    assert "First touch" in content
    assert "Bing" in content


@pytest.mark.sample(every=2)
@pytest.mark.parametrize(("kind", "number"), [("call", 2), ("text", 1), ("form", 1), ("nonsense", 4)])
def test_one_kind_alone(client, person, kind, number):
    assert len(titles(client.get(page(person), {"kind": kind}).content.decode())) == number


def test_pages_follow_each_other_without_a_gap_at_the_same_moment(client, company, person, monkeypatch):
    moment = ago(hours=5)
    for _ in range(3):
        factories.make_call(company, customer_phone_number=PHONE, start_time=moment, ended_at=moment)
        factories.make_text(company, customer_phone_number=PHONE, sent_at=moment)
        factories.make_form(company, form_data={"phone": PHONE}, submitted_at=moment)
    monkeypatch.setattr(people_page, "SHOWN", 2)
    found, url = [], page(person)
    while url:
        content = client.get(url).content.decode()
        found += re.findall(r'<a class="ellipsis" href="([^"]*)">', content.partition('id="timeline"')[2])
        older = re.search(r'href="(\?[^"#]*)[^"]*">Older', content)
        url = page(person) + older[1].replace("&amp;", "&") if older else ""
    assert len(found) == len(set(found)) == 13


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("said", ["x", "2026-01-01T00:00:00+00:00~call~x", "2026-01-01~call~1", "~~", "\x00"])
def test_a_place_that_is_none_is_the_beginning(client, person, said):
    assert len(titles(client.get(page(person), {"before": said}).content.decode())) == 4


def test_merged_numbers_are_one_person(client, company, person):
    other = Person.objects.get(phone="+12145550199")
    merging.merge(person, other, by="Ann")
    for row in (person, other):
        content = client.get(page(row)).content.decode()
        assert len(titles(content)) == 5
        assert "214-555-0199" in content
    assert "is shown here" in content
    assert reverse("admin:calls_person_merge", args=[other.pk]) in content


def test_many_contacts_are_counted_up_to_a_limit(company, person):
    totals = contacts.count([person.pk], most=1)
    assert (totals.counts["call"], totals.more) == (1, {"call"})


def test_the_queries_do_not_grow_with_the_contacts(client, company, person):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(page(person))  # what is read once by a process
    with CaptureQueriesContext(connection) as few:
        client.get(page(person))
    for hours in range(20):
        factories.ended_call(company, customer_phone_number=PHONE, start_time=ago(hours=hours))
        factories.make_text(company, customer_phone_number=PHONE, sent_at=ago(hours=hours))
    with CaptureQueriesContext(connection) as many:
        client.get(page(person))
    assert len(many) <= len(few)


def test_a_name_is_still_changed_there(client, person):
    form = filled_in(client.get(page(person)).content.decode())
    answer = client.post(page(person), {**form, "name": "Quinn P. Park"})
    assert answer.headers["Location"] == page(person)
    person.refresh_from_db()
    assert person.name == "Quinn P. Park"
    assert "<h1>Quinn P. Park</h1>" in client.get(page(person)).content.decode()
