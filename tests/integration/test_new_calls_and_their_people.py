"""A new call's customer is found or created by the statement that looks whether the call is known."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from calls.ingestion.single import create_or_update_call
from calls.models import Call, Person, Tracker
from subscriptions.models import Company
from tests.support.factories import make_company, make_tracker
from tests.support.threads import with_own_connection
from tests.support.waiting import PATIENCE, lock_waiters, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "+12145550123"


@pytest.fixture
def tracker() -> Tracker:
    return make_tracker(make_company())


def ring(tracker: Tracker, customer: str, **data: Any) -> Any:
    given = {"direction": "inbound", "tracking_phone_number": tracker.phone_number, "customer_phone_number": customer}
    return create_or_update_call(company=tracker.company, data={**given, **data})[0]


def phones(company: Company) -> list[str]:
    return sorted(Person.objects.filter(company=company).values_list("phone", flat=True))


def test_one_person_for_all_calls_of_a_number(tracker):
    first, second = ring(tracker, NUMBER), ring(tracker, NUMBER)
    assert first.person == second.person
    assert (first.prior_calls, second.prior_calls) == (0, 1)
    assert phones(tracker.company) == [NUMBER]


@pytest.mark.parametrize(
    ("customer", "stored"),
    [("(214) 555-0123", NUMBER), ("+1 214 555 0123", NUMBER), ("+5215512345678", "+525512345678"), ("anonymous", "")],
)
def test_a_number_that_is_stored_otherwise(tracker, customer, stored):
    call = ring(tracker, customer)
    assert call.customer_phone_number == stored
    assert phones(tracker.company) == ([stored] if stored else [])
    assert (call.person.phone if call.person else "") == stored


def test_a_call_that_is_known_asks_for_nobody(tracker):
    """What it says of the customer belongs to its change, which asks where the number is another one."""
    key = {"external_source": "pbx", "external_id": "1"}
    call = ring(tracker, "", **key)
    assert ring(tracker, "", **key, note="Known.") == call
    person = ring(tracker, NUMBER, **key).person
    before = version_of(person)
    assert ring(tracker, NUMBER, **key, note="Still known.").person == person
    assert version_of(person) == before


def version_of(person: Person) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text FROM calls_person WHERE id = %s", [person.pk])
        return str(cursor.fetchone()[0])


def test_a_refused_call_leaves_nobody(tracker):
    ring(tracker, NUMBER, start_time=timezone.now())
    person = Person.objects.get()
    before = version_of(person)
    with pytest.raises(ValidationError):
        ring(tracker, "+12145550124", start_time=timezone.now(), ended_at=timezone.now() - timedelta(days=1))
    with pytest.raises(ValidationError):
        ring(tracker, NUMBER, start_time=timezone.now(), ended_at=timezone.now() - timedelta(days=1))
    assert phones(tracker.company) == [NUMBER]
    assert version_of(person) == before
    assert Call.objects.count() == 1


def test_a_call_to_an_unknown_number_asks_for_nobody(tracker):
    """Not even to take it back: the next person gets the next id."""
    first = ring(tracker, NUMBER).person.pk
    with pytest.raises(ValidationError, match="tracking numbers"):
        create_or_update_call(
            company=tracker.company,
            data={
                "direction": "inbound",
                "tracking_phone_number": "+12145550199",
                "customer_phone_number": "+12145550124",
            },
        )
    assert ring(tracker, "+12145550125").person.pk == first + 1


def test_the_main_row_of_a_merged_person_is_locked_too(tracker):
    main = Person.objects.create(company=tracker.company, email="ann@example.com")
    Person.objects.create(company=tracker.company, phone=NUMBER, merged_into=main)

    def is_free() -> bool:
        with transaction.atomic():
            return Person.objects.select_for_update(skip_locked=True).filter(pk=main.pk).exists()

    with transaction.atomic():
        call = ring(tracker, NUMBER)
        assert call.person is not None
        assert call.person.main == main
        assert not elsewhere(is_free)
    assert elsewhere(is_free)


def elsewhere(work: Callable[[], Any]) -> Any:
    """On another connection."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(with_own_connection, work).result(timeout=PATIENCE)


def test_a_call_counts_those_for_which_it_waited(tracker):
    """The person is held by another call's transaction while this one looks for it."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = ring(tracker, NUMBER)
            second = pool.submit(with_own_connection, lambda: ring(tracker, NUMBER))
            wait_until(lambda: lock_waiters() > 0)
        assert first.prior_calls == 0
        assert second.result(timeout=PATIENCE).prior_calls == 1
    assert phones(tracker.company) == [NUMBER]
