"""A call is locked with its event stream and read by one statement; what somebody changes meanwhile is not missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from threading import Event as Moment

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.ingestion import locking
from calls.ingestion.locking import lock_by_id
from calls.ingestion.single import update_call
from calls.models import Call, Tag
from subscriptions.models import Company, Delivery, Event, EventStream
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.threads import at_once
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

GATE = 7_301


@pytest.fixture
def company() -> Company:
    company = make_company()
    make_subscription(company, events=["pre_call", "call_modified"])
    return company


@pytest.fixture
def gate(monkeypatch) -> Iterator[None]:
    """The statement has begun, and sees what is there by then, but locks nothing until this connection opens it."""
    gated = locking._LOCK_AND_READ.replace(
        "{where}", f"{{where}} AND (SELECT pg_advisory_xact_lock({GATE}) IS NOT NULL)"
    )
    assert gated != locking._LOCK_AND_READ
    monkeypatch.setattr(locking, "_LOCK_AND_READ", gated)
    locking._lock_and_read.cache_clear()
    yield
    locking._lock_and_read.cache_clear()


def is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [GATE],
        )
        return bool(cursor.fetchone()[0])


def lock_while(change: Callable[[], object], company: Company, call: Call) -> locking.LockedCall | None:
    """What is locked when this change is committed between the statement's beginning and its lock."""

    def locked() -> locking.LockedCall | None:
        with transaction.atomic():
            return lock_by_id(company, call.resource_id)

    def change_and_open() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
            holds.set()
            try:
                wait_until(is_waited_for)
                change()
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [GATE])

    holds = Moment()
    found, _ = at_once([lambda: holds.wait(30) and locked(), change_and_open])
    return found


def test_one_statement_locks_and_reads(company):
    call = make_call(company, note="As it was")
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        locked = lock_by_id(company, call.resource_id)
    assert len(captured) == 1
    assert locked is not None
    assert locked.call.note == "As it was"
    assert locked.stream is not None
    assert locked.stream.fired == EventStream.objects.get().fired == ["pre_call"]


def test_a_tag_that_is_set_before_the_lock_is_seen(company, gate):
    call = make_call(company)
    tag = Tag.objects.create(company=company, name="Roof")
    locked = lock_while(lambda: call.tags.add(tag), company, call)
    assert locked is not None
    assert [each.name for each in locked.call.tags.all()] == ["Roof"]


def test_a_field_that_is_set_before_the_lock_is_seen_with_the_rows_beside_it(company, gate):
    call = make_call(company, customer_phone_number="+12145550101")

    def correct_number() -> None:
        update_call(company=company, resource_id=call.resource_id, data={"customer_phone_number": "+12145550102"})

    # The change asks for the same gate, which its own connection has.
    locked = lock_while(correct_number, company, call)
    assert locked is not None
    assert locked.call.person is not None
    assert locked.call.person.phone == "+12145550102"


def test_an_event_that_is_published_before_the_lock_is_not_published_again(company, gate):
    call = make_call(company)
    ended = {"ended_at": timezone.now(), "note": "Wants a roof"}
    lock_while(lambda: update_call(company=company, resource_id=call.resource_id, data=ended), company, call)
    sequences = list(Event.objects.order_by("sequence").values_list("sequence", flat=True))
    assert sequences == list(range(1, len(sequences) + 1))


def test_two_changes_at_the_same_moment_are_both_kept(company):
    call = make_call(company)
    changes = [{"note": "Wants a roof"}, {"customer_name": "Ann Example"}, {"agent_email": "bob@example.com"}]
    at_once([partial(update_call, company=company, resource_id=call.resource_id, data=data) for data in changes])
    call.refresh_from_db()
    assert (call.note, call.customer_name, call.agent_email) == ("Wants a roof", "Ann Example", "bob@example.com")


def test_a_call_without_a_stream_gets_one(company):
    call = make_call(company)
    Delivery.objects.all().delete()
    Event.objects.all().delete()
    EventStream.objects.all().delete()
    update_call(company=company, resource_id=call.resource_id, data={"note": "Wants a roof"})
    assert EventStream.objects.filter(subject_id=call.resource_id).count() == 1


def test_a_call_does_not_count_as_one_before_itself(company):
    """The counts are read by the statement that moves its start."""
    call = make_call(company, customer_phone_number="+12145550101", start_time_is_ours=True)
    later = call.start_time + timedelta(minutes=5)
    changed = update_call(company=company, resource_id=call.resource_id, data={"start_time": later})
    assert changed.start_time == later
    assert vars(changed)["prior_calls"] == 0


def test_what_was_changed_is_no_change_any_more(company):
    call = make_call(company)
    changed = update_call(company=company, resource_id=call.resource_id, data={"note": "Wants a roof"})
    assert changed.changed_fields() == []


def test_a_missing_call_is_none(company):
    with transaction.atomic():
        assert lock_by_id(company, "CALnone") is None
