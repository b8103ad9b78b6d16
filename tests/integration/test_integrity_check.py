"""The audit: zeros on a sound outbox, and each thing that must not be is counted and named."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from calls.models import Call
from subscriptions.lib.ids import first_uuid7_at
from subscriptions.maintenance.integrity_check import CHECKS, check_integrity
from subscriptions.models import Attempt, Delivery, Event, EventStream
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_form, make_subscription, make_text
from tests.support.receiver import Receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
LONG_AGO = timedelta(hours=2)


@pytest.fixture
def company():
    company = make_company()
    make_subscription(company)
    make_subscription(company, events=["pre_call"], name="Second")
    return company


def found(**options) -> dict[str, list[str]]:
    return {
        finding.name: finding.examples for finding in check_integrity(seconds=options.get("seconds")) if finding.count
    }


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def lived(company) -> Call:
    """A call from its ring to its end: three events."""
    call = make_call(company)
    now = timezone.now()
    for fields in ({"routed_at": now, "answered_at": now}, {"ended_at": now, "recording_url": "https://example.com/1"}):
        for name, value in fields.items():
            setattr(call, name, value)
        call.save()
    call.transcription_text = "Hello."
    call.recording_duration = 13
    call.save()
    assert Event.objects.filter(subject_id=call.resource_id).count() == 3
    return call


def set_apart(event: Event, seconds_ago: float) -> None:
    """As if it had happened then: its id tells the time."""
    old = UUID(int=first_uuid7_at(timezone.now().timestamp() - seconds_ago).int | (event.id.int & 0xFFFF))
    sql("SET CONSTRAINTS ALL DEFERRED")
    sql("ALTER TABLE subscriptions_delivery DISABLE TRIGGER ALL")
    sql("UPDATE subscriptions_delivery SET event_id = %s WHERE event_id = %s", old, event.id)
    sql("ALTER TABLE subscriptions_delivery ENABLE TRIGGER ALL")
    Event.objects.filter(pk=event.pk).update(id=old)


def test_a_sound_outbox_gives_zeros(receiver: Receiver, company):
    company.subscriptions.update(url=receiver.url)
    lived(company)
    make_text(company)
    make_form(company)
    paused = make_subscription(company, state="paused")
    make_call(company)
    drain_until(nothing_pending)
    make_call(company)  # on its way
    assert Delivery.objects.filter(subscription=paused, state="held").exists()
    assert found() == {}
    assert found(seconds=60) == {}


def test_a_delivery_that_is_missing(company):
    call = make_call(company)
    Delivery.objects.filter(subscription__name="Second").delete()
    assert found() == {"events_fanned_out_wrong": [str(Event.objects.get(subject_id=call.resource_id).id)]}


def test_a_delivery_too_many(company):
    """To a subscription that was not there yet: nobody asked for it."""
    make_call(company)
    late = make_subscription(company, name="Later")
    assert found() == {}
    Delivery.objects.create(company=company, event=Event.objects.get(), subscription=late, due_at=timezone.now())
    assert found() == {"events_fanned_out_wrong": [str(Event.objects.get().id)]}


def test_what_retention_removed_is_not_missed(company, settings):
    make_call(company)
    set_apart(Event.objects.get(), 3 * 86_400)
    Delivery.objects.all().delete()
    assert "events_fanned_out_wrong" in found()
    settings.RETAIN_DELIVERED_DAYS = 2
    assert found() == {}


def test_what_is_older_than_the_span_is_not_looked_at(company):
    make_call(company)
    set_apart(Event.objects.get(), 7200)
    Delivery.objects.filter(subscription__name="Second").delete()
    assert "events_fanned_out_wrong" in found(seconds=3 * 3600)
    assert found(seconds=3600) == {}


def test_rows_that_the_tables_rules_forbid(company):
    make_call(company)
    first, second = Delivery.objects.order_by("id")
    sql("ALTER TABLE subscriptions_delivery DROP CONSTRAINT delivery_pending_is_scheduled")
    try:
        Delivery.objects.filter(pk=first.pk).update(due_at=None)
        Delivery.objects.filter(pk=second.pk).update(state="delivered", finished_at=timezone.now())
        assert found() == {
            "deliveries_adrift": [str(first.pk), str(second.pk)],
            "outcomes_without_attempt": [str(second.pk)],
            "constraints_missing": ["delivery_pending_is_scheduled"],
        }
    finally:
        Delivery.objects.all().delete()
        check = next(c for c in Delivery._meta.constraints if c.name == "delivery_pending_is_scheduled")
        with connection.schema_editor() as editor:
            editor.add_constraint(Delivery, check)


def test_a_held_delivery_without_a_reason(company):
    make_call(company)
    first, second = Delivery.objects.order_by("id")
    Delivery.objects.filter(pk=first.pk).update(state="held", due_at=None, reason="")
    Delivery.objects.filter(pk=second.pk).update(state="held", due_at=None, reason="The subscription is paused.")
    assert found() == {"deliveries_adrift": [str(first.pk)]}


def test_a_delivery_that_waits_for_a_paused_subscription(company):
    make_call(company)
    company.subscriptions.filter(name="Second").update(state="paused")
    assert found() == {}
    mine = Delivery.objects.get(subscription__name="Second")
    Delivery.objects.filter(pk=mine.pk).update(due_at=timezone.now() - LONG_AGO)
    assert found() == {"deliveries_nobody_takes": [str(mine.pk)]}


def test_a_lease_that_ended_long_ago(company):
    make_call(company)
    mine = Delivery.objects.get(subscription__name="Second")
    lease = Delivery.objects.filter(pk=mine.pk)
    lease.update(claim=UUID(int=1), attempts=1, due_at=timezone.now() - timedelta(seconds=30))
    assert found() == {}
    lease.update(due_at=timezone.now() - LONG_AGO)
    assert found() == {"leases_expired": [str(mine.pk)]}
    # Under an open breaker it may wait.
    sql(
        "INSERT INTO subscriptions_endpointhealth (subscription_id, window_began, window_good, window_bad, opened, "
        "last_failure, open_until) VALUES (%s, now(), 0, 0, 1, '', now() + interval '1 min')",
        mine.subscription_id,
    )
    assert found() == {}


def test_an_outcome_and_an_attempt_that_lack_each_other(receiver: Receiver, company):
    company.subscriptions.update(url=receiver.url)
    make_call(company)
    drain_until(nothing_pending)
    attempt = Attempt.objects.get(delivery__subscription__name="Second")
    other = Attempt.objects.exclude(pk=attempt.pk).get()
    attempt.delete()
    sql("ALTER TABLE subscriptions_delivery DISABLE TRIGGER ALL")
    sql("DELETE FROM subscriptions_delivery WHERE id = %s", other.delivery_id)
    sql("ALTER TABLE subscriptions_delivery ENABLE TRIGGER ALL")
    later = make_call(company)
    drain_until(nothing_pending)
    Attempt.objects.filter(delivery__event__subject_id=later.resource_id).update(number=9)
    result = found()
    assert str(attempt.delivery_id) in result["outcomes_without_attempt"]
    if other.delivery_id > attempt.delivery_id:  # the oldest delivery there is bounds what is looked at
        assert result["attempts_without_delivery"] == [str(other.pk)]
    other.delete()


def test_a_waiting_time_that_is_over_and_nobody_looked(company):
    call = make_call(company)
    EventStream.objects.update(wake_at=timezone.now() - LONG_AGO)
    assert found() == {"streams_overdue": [call.resource_id]}


def test_sequences_with_a_gap_or_cut_off(company):
    _whole, gap, cut = lived(company), lived(company), lived(company)
    Event.objects.get(subject_id=gap.resource_id, sequence=2).delete()
    Event.objects.filter(subject_id=cut.resource_id).order_by("sequence").last().delete()
    assert {name: set(ids) for name, ids in found().items()} == {"sequences_broken": {gap.resource_id, cut.resource_id}}


def test_an_event_that_happened_twice(company):
    call = lived(company)
    second = Event.objects.get(subject_id=call.resource_id, sequence=2)
    Event.objects.filter(pk=second.pk).update(type="pre_call")
    assert found() == {"once_events_repeated": [str(second.id)]}


def test_the_command_says_it_in_words_json_and_its_exit_code(company, capsys):
    call_command("audit")
    assert capsys.readouterr().out.splitlines()[-1] == "Sound: the last 25 hours."
    call_command("check_integrity")
    assert capsys.readouterr().out.splitlines()[-1] == "Sound: the last 25 hours."
    make_call(company)
    Delivery.objects.filter(subscription__name="Second").delete()
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "--json", "--since", "1")
    assert ended.value.code == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["sound"], said["hours"]) == (False, 1.0)
    assert {check["name"]: check["count"] for check in said["checks"]} == {
        check.name: int(check.name == "events_fanned_out_wrong") for check in CHECKS
    }
