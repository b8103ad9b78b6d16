"""A person is found by phone number or email address, and the other one is theirs too: also when all come at once."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from django.db import connection, transaction

from calls.models import Call, Person, PersonMerge
from calls.models import person as lookup
from subscriptions.models import Company
from tests.support.api import program
from tests.support.events import bodies_of
from tests.support.factories import START, ended_call, make_company, make_form, make_subscription, make_tracker
from tests.support.threads import at_once
from tests.support.waiting import lock_waiters, wait_until

MAIL, PHONE, OTHER = "ann@example.com", "+12145550123", "+12145550124"


@pytest.fixture
def company() -> Company:
    return make_company()


def find(company: Company, phone: str = "", email: str = "") -> Person:
    """The main row of whoever has these, in a transaction of its own."""
    with transaction.atomic():
        person = Person.objects.lock_by_contact(company.pk, phone=phone, email=email)
        assert person is not None
        return person.main


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_a_known_address_with_a_new_number_is_the_same_person(self, company):
        ann = find(company, PHONE, MAIL)
        assert find(company, OTHER, MAIL) == ann
        assert find(company, OTHER) == find(company, PHONE) == find(company, email=MAIL) == ann
        assert PersonMerge.objects.get().reason == PersonMerge.Reason.TOGETHER

    def test_a_known_number_with_a_new_address_is_the_same_person(self, company):
        ann = find(company, PHONE, MAIL)
        assert find(company, PHONE, "ann@work.example.com") == ann == find(company, email="ann@work.example.com")

    def test_what_is_missing_is_filled_in_on_the_same_row(self, company):
        ann, bob = find(company, email=MAIL), find(company, OTHER)
        assert find(company, PHONE, MAIL) == ann == find(company, PHONE)
        assert find(company, OTHER, "bob@example.com") == bob
        assert Person.objects.count() == 2
        assert not PersonMerge.objects.exists()

    def test_of_two_known_people_the_number_decides(self, company):
        ann, bob = find(company, PHONE), find(company, email=MAIL)
        assert find(company, PHONE, MAIL) == ann != bob == find(company, email=MAIL)

    def test_an_address_with_very_many_numbers_is_no_persons(self, company, monkeypatch):
        monkeypatch.setattr(lookup, "MOST_ROWS", 3)
        people = [find(company, f"+1214555012{number}", "desk@example.com") for number in range(4)]
        assert people[0] == people[1] == people[2] != people[3]

    def test_people_of_other_companies_are_others(self, company):
        assert find(company, PHONE, MAIL) != find(make_company("Other"), PHONE, MAIL)

    def test_calls_and_forms_of_both_numbers_count_as_one_persons(self, company):
        make_subscription(company)
        tracker = make_tracker(company)
        first = ended_call(company, tracker, customer_phone_number=PHONE, lead_status="good_lead")
        make_form(company, form_data={"phone": PHONE, "email": MAIL})
        form = make_form(company, form_data={"phone": OTHER, "email": MAIL})
        later = START.replace(hour=20)
        second = ended_call(company, tracker, customer_phone_number=OTHER, start_time=later, lead_status="")
        told = bodies_of(second, "post_call")[0]
        assert (told["prior_calls"], told["total_calls"], told["first_call"]) == (1, 2, False)
        assert told["lead_status"] == "previously_marked_good_lead"
        assert told["person_resource_id"] == first.person.resource_id
        submitted = bodies_of(form, "form_submission")[0]
        assert (submitted["first_form"], submitted["person_resource_id"]) == (False, first.person.resource_id)
        shown = program(company).get(f"/api/v1/calls/{second.resource_id}/").json()
        assert shown["person_resource_id"] == first.person.resource_id

    def test_a_batch_of_calls_finds_them_too(self, company):
        tracker = make_tracker(company)
        ann = find(company, PHONE, MAIL)
        find(company, OTHER, MAIL)
        items = [
            {"direction": "inbound", "tracking_phone_number": tracker.phone_number, "customer_phone_number": number}
            for number in (PHONE, OTHER, "+12145550125")
        ]
        assert program(company).post("/api/v1/calls/batch/", {"items": items}).json()["created"] == 3
        people = [call.person.main for call in Call.objects.order_by("pk")]
        assert people[0] == people[1] == ann != people[2]

    def test_the_api_shows_one_person_with_all_numbers(self, company):
        api = program(company)
        ann = api.post("/api/v1/people/", {"phone": PHONE, "email": MAIL, "name": "Ann"}).json()
        again = api.post("/api/v1/people/", {"phone": OTHER, "email": MAIL})
        assert again.status_code == 200
        assert again.json()["resource_id"] == ann["resource_id"]
        assert again.json()["other_phones"] == [OTHER]
        for query in ({}, {"phone": OTHER}, {"email": MAIL}):
            (shown,) = api.get("/api/v1/people/", query).json()["results"]
            assert (shown["resource_id"], shown["other_phones"]) == (ann["resource_id"], [OTHER])
        merged = Person.objects.get(phone=OTHER)
        assert api.get(f"/api/v1/people/{merged.resource_id}/").json()["merged_into"] == ann["resource_id"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cleaned_by_deleting")
class TestAtOnce:
    def test_one_person_by_number_by_address_and_by_both(self, company):
        """However they interleave: nobody waits for each other, no key is there twice, and nobody is lost."""
        for number in range(5):
            mail, phones = f"ann{number}@example.com", [f"+1214555{number}{each}00" for each in (10, 20)]
            given = [(phones[0], mail), (phones[1], mail), (phones[0], ""), ("", mail)]
            at_once([partial(find, company, *each) for each in given])
            for contact in ({"phone": phones[0]}, {"phone": phones[1]}, {"email": mail}):
                assert Person.objects.filter(company=company, **contact).count() == 1
            # Only the form has the second number, so whoever is first, it is the address's person who has it.
            assert find(company, phones[1]) == find(company, email=mail)

    def test_a_new_number_with_an_address_that_is_being_made_known(self, company):
        """The form waits for the transaction that has the address, and then finds its person."""
        found: list[Person] = []

        def form() -> None:
            found.append(find(company, PHONE, MAIL))
            connection.close()

        with transaction.atomic():
            ann = Person.objects.lock_by_email(company.pk, MAIL)
            thread = threading.Thread(target=form, daemon=True)
            thread.start()
            wait_until(lambda: lock_waiters() == 1)
        thread.join(120)
        assert found == [ann]
        assert Person.objects.get() == ann
        assert Person.objects.get().phone == PHONE

    def test_an_import_and_forms_of_the_same_people(self, company):
        """Many numbers in one transaction, beside forms that add them to people whom the import has too."""
        phones = [f"+12145550{number:03}" for number in range(100, 130)]
        find(company, phones[20], MAIL)

        def bring_in() -> None:
            with transaction.atomic():
                Person.objects.lock_by_phones([(company.pk, phone) for phone in phones])

        forms = [partial(find, company, phone, MAIL) for phone in phones[:6]]
        at_once([bring_in, *forms, bring_in])
        assert Person.objects.filter(company=company).count() == len(phones)
