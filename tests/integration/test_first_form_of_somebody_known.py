"""Forms of one person that come in at the same moment wait for each other: one of them is the first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import transaction

from calls.models import Person
from forms_intake.ingestion import record_form
from forms_intake.models import FormSubmission
from subscriptions.models import Company
from tests.support.events import bodies_of
from tests.support.factories import make_company
from tests.support.threads import with_own_connection
from tests.support.waiting import lock_waiters, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company() -> Company:
    return make_company()


def one_form(company: Company, **fields: str) -> FormSubmission:
    form, _ = record_form(company=company, data={"form_data": fields})
    return form


def first_forms(company: Company, one: dict[str, str], other: dict[str, str]) -> list[bool]:
    """What is told of two forms; the second comes in before the first is committed."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = one_form(company, **one)
            second = pool.submit(with_own_connection, partial(one_form, company, **other))
            wait_until(lambda: lock_waiters() or second.done())
            assert not second.done(), "it did not wait"
        forms = [first, second.result()]
    return [bodies_of(form, "form_submission")[0]["first_form"] for form in forms]


@pytest.mark.parametrize("known", [False, True], ids=["new person", "known person"])
def test_the_second_form_sees_the_one_it_waited_for(company, known):
    if known:
        Person.objects.lock_by_email(company.pk, "ann@example.com")
    ann = {"email": "ann@example.com"}
    assert first_forms(company, ann, ann) == [True, False]


def test_a_number_and_an_address_of_one_person_wait_for_each_other(company):
    main = Person.objects.lock_by_email(company.pk, "ann@example.com")
    for phone in ("+12145550101", "+12145550102"):
        Person.objects.filter(pk=Person.objects.lock_by_phone(company.pk, phone).pk).update(merged_into=main)
    assert first_forms(company, {"phone": "+12145550101"}, {"phone": "+12145550102"}) == [True, False]
