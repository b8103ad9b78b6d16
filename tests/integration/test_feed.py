"""The feed gives every event of a company once, in order, with the bytes and signatures that a receiver would get."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from docs.verify.verify import verify
from subscriptions.endpoints import operations
from subscriptions.endpoints.test_events import send_test
from subscriptions.events.stored_bodies import read_sent
from subscriptions.feed import horizon, reading
from subscriptions.feed.cursors import Cursor
from subscriptions.lib.ids import uuid7
from subscriptions.maintenance import retention
from subscriptions.models import Company, Delivery, Event, FeedStart
from tests.support.api import program, wrong
from tests.support.factories import ended_call, make_call, make_company, make_form, make_subscription, make_text
from tests.support.feed import FEED, read, read_all, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def api(company):
    return program(company, ["read"])


def test_every_event_once_in_order_page_by_page(company, api):
    other = make_company("Other")
    make_call(other)
    with transaction.atomic():
        ended_call(company)
        make_text(company)
    make_form(company)
    events = read_all(api, page_size=1)
    assert [event["id"] for event in events] == [f"evt_{pk.hex}" for pk in in_order(company)]
    assert len(events) == Event.objects.filter(company=company).count() == 3
    assert read(api, after=events[-1]["cursor"])["results"] == []
    assert read(api, after="latest")["results"] == []


def in_order(company):
    return Event.objects.filter(company=company).order_by("position", "id").values_list("pk", flat=True)


def test_the_events_of_a_call_come_in_their_order(company, api):
    with transaction.atomic():
        call = make_call(company)
        call.answered_at = call.routed_at = call.start_time
        call.save()
        call.ended_at = call.start_time + timedelta(seconds=5)
        call.save()
    assert [event["sequence"] for event in read(api)["results"]] == [1, 2]


def test_what_a_receiver_would_get(company, api):
    form = make_subscription(company, name="Form", encoding="form", payload_version="2026-05")
    shaped = make_subscription(company, name="Shaped", shape={"format": "cloudevents_binary"})
    ended_call(company)
    for subscription in (form, shaped, make_subscription(company, name="Later")):
        page = read(api, subscription=subscription.resource_id)
        assert len(page["results"]) == Delivery.objects.filter(subscription=subscription).count()
        for event in page["results"]:
            body = event["body"].encode()
            assert body == read_sent(Delivery.objects.get(subscription=subscription, event=event["id"][4:]))
            assert verify(body, event["headers"], company.signing_key, subscription.secret)
            assert event["headers"]["webhook-id"] == event["id"]
    assert "ce-id" in {name.lower() for name in read(api, subscription=shaped.resource_id)["results"][0]["headers"]}
    ours = read(api)["results"][0]
    assert (ours["payload_version"], "webhook-signature" in ours["headers"]) == ("article", False)
    assert ours["body"].encode() == bytes(Event.objects.get(pk=ours["id"][4:]).body)


def test_a_subscription_reads_what_its_filter_lets_through_and_its_own_tests(company, api):
    outbound = {"field": "direction", "in": ["outbound"]}
    subscription = make_subscription(company, events=["pre_call"], conditions=outbound)
    call = make_call(company)
    assert read(api, subscription=subscription.resource_id)["results"] == []
    operations.resend(Delivery.objects.all())
    Delivery.objects.update(state="delivered", due_at=None, attempts=1)
    assert told(read(api, subscription=subscription.resource_id)) == [(call.resource_id, "pre_call")]
    send_test(subscription, "pre_call")
    assert [event["test"] for event in read(api, subscription=subscription.resource_id)["results"]] == [False, True]
    assert len(read(api)["results"]) == 1


def test_types_narrow_and_the_place_moves_over_what_is_not_wanted(company, api, monkeypatch):
    monkeypatch.setattr(reading, "MOST_SCANNED", 2)
    for _ in range(3):
        make_call(company)
    make_form(company)
    first = read(api, type="form_submission")
    assert (first["results"], first["more"]) == ([], True)
    assert [event["type"] for event in read_all(api, type="form_submission")] == ["form_submission"]


def test_large_bodies_make_small_pages(company, api, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 10)
    for _ in range(3):
        make_call(company)
    assert len(read(api)["results"]) == 1
    assert len(read_all(api)) == 3


def test_nonsense_is_an_error_in_words(company, api):
    assert "invalid" in wrong(api.get(FEED, {"after": "nonsense"}))["after"]
    assert "no such subscription" in wrong(api.get(FEED, {"subscription": "SUB0"}))["subscription"]
    assert wrong(api.get(FEED, {"type": "nonsense"})).keys() == {"type"}
    assert wrong(api.get(FEED, {"page_size": "0", "tpye": "x"})).keys() == {"tpye"}
    assert program(company, ["ingest", "manage"]).get(FEED).status_code == 403


@pytest.mark.parametrize("kept", ["failed", "nothing"])
def test_a_cursor_older_than_what_is_kept_says_so(company, api, kept):
    make_call(company)
    before = read(api)["cursor"]
    subscription = make_subscription(company)
    make_call(company)
    make_call(company)
    expire(Delivery.objects.filter(event__company=company), "delivered", keep=kept == "failed" and subscription)
    retention.delete_expired()
    answer = api.get(FEED, {"after": before})
    assert answer.status_code == 410, answer.content
    assert "deleted" in answer.json()["detail"]
    assert api.get(FEED).status_code == 200
    assert api.get(FEED, {"after": "latest"}).status_code == 200


def expire(deliveries, state, keep):
    """Make them old enough to be deleted; with `keep`, one more delivery keeps each event."""
    extra = make_subscription(keep.company, name="Failing") if keep else None
    with connection.cursor() as cursor:
        for delivery in deliveries:
            if extra:
                Delivery.objects.create(
                    company_id=delivery.company_id, event_id=delivery.event_id, subscription=extra, state="failed"
                )
            cursor.execute("UPDATE subscriptions_delivery SET state = %s, due_at = NULL, created_at = created_at - "
                           "interval '31 days' WHERE id = %s", [state, delivery.pk])  # fmt: skip


def test_a_cursor_from_before_a_restored_backup_is_ahead(api):
    ahead = Cursor(horizon.read().next + 1000, uuid7())
    answer = api.get(FEED, {"after": str(ahead)})
    assert (answer.status_code, "restored" in answer.json()["detail"]) == (410, True)


def test_a_restored_dump_goes_on_after_all_old_events(company, api):
    make_call(company)
    # As in a new server, whose transactions count from the beginning: what is stored is far ahead of them.
    far = horizon.read().next + 5_000_000
    Event.objects.update(position=far)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO subscriptions_feedstate (id, base, highest) VALUES (1, 0, %s) "
                       "ON CONFLICT (id) DO UPDATE SET highest = excluded.highest", [far + 10])  # fmt: skip
    try:
        assert horizon.follow()
        before = read(api)["results"][-1]["cursor"]
        call = make_call(company)
        assert told(read(api, after=before)) == [(call.resource_id, "pre_call")]
        assert not horizon.follow()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(horizon._SET_DEFAULT.format(0))
    assert not FeedStart.objects.exists()
