"""A caller's name, which only the calls have, shows in the list of people, and is found there and among the calls."""

from __future__ import annotations

import pytest
from django.urls import reverse

from calls import merging
from calls.models import Person
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
PEOPLE, CALLS = reverse("admin:calls_person_changelist"), reverse("admin:calls_call_changelist")


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


@pytest.fixture
def quinn(company) -> Person:
    factories.ended_call(company, customer_phone_number="+12145550188", customer_name="Quinn Park")
    factories.ended_call(company, customer_phone_number="+12145550189", customer_name="Zoë Novak")
    return Person.objects.get(phone="+12145550188")


def found(client, url: str, term: str) -> list[str]:
    rows = client.get(url, {"q": term}).context["cl"].result_list
    return sorted(getattr(row, "customer_name", "") or row.name for row in rows)


def test_the_list_shows_the_name_of_the_newest_call(client, company, quinn):
    factories.ended_call(
        company, customer_phone_number="+12145550188", customer_name="Quinn P. Park",
        start_time=factories.START.replace(year=factories.START.year + 1),
    )  # fmt: skip
    assert found(client, PEOPLE, "") == ["Quinn P. Park", "Zoë Novak"]
    assert Person.objects.get(pk=quinn.pk).name == "", "a list changes nothing"


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("term", ["Quinn", "park", "Park Quinn", "qui"])
@pytest.mark.parametrize("url", [PEOPLE, CALLS], ids=["people", "calls"])
def test_a_name_is_found(client, quinn, url, term):
    assert found(client, url, term) == ["Quinn Park"]


def test_no_other_companys_is(client, quinn):
    other = factories.make_company("Other")
    factories.ended_call(other, customer_name="Quinn Elsewhere")
    assert found(client, PEOPLE, "Quinn") == ["Quinn Park"]
    assert found(client, CALLS, "Elsewhere") == []


def test_whoever_is_merged_is_found_as_the_main_person(client, company, quinn):
    zoe = Person.objects.get(phone="+12145550189")
    merging.merge(zoe, quinn, by="Ann")
    rows = client.get(PEOPLE, {"q": "Quinn"}).context["cl"].result_list
    assert [row.pk for row in rows] == [zoe.pk]


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("term", ["'", "%", "!&|", "0", "Ω", "{}", "a" * 300])
def test_odd_words_find_nothing(client, quinn, term):
    assert found(client, PEOPLE, term) == []


def test_a_name_that_only_a_form_has_shows_and_is_found(client, company):
    factories.make_form(company, form_data={"Full name": "Uma Castillo", "phone": "+12145550190"})
    factories.make_form(company, form_data={"phone": "+12145550191", "name": ""})
    assert found(client, PEOPLE, "") == ["", "Uma Castillo"]
    assert found(client, PEOPLE, "castillo") == ["Uma Castillo"]
