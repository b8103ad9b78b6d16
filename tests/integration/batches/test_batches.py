"""A subscription gets several events in one request: how they are put together, sent, recorded and tried again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from docs.verify.verify import verify
from subscriptions.delivery import batching, outbox
from subscriptions.delivery.outbox import gathering
from subscriptions.endpoints import operations
from subscriptions.endpoints.test_events import send_test
from subscriptions.events.stored_bodies import read_sent
from subscriptions.maintenance.integrity_check import check_integrity, is_sound
from subscriptions.models import Attempt, Delivery, EndpointHealth, Subscription
from tests.support.batches import batching_one, calls, sizes
from tests.support.claims import all_due, batches, claim, delivered, end_leases, failed, finish
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import ended_call, make_subscription, make_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

# Webhooks that had three tries, all due for an hour.
BACKLOG = """
WITH event AS (
    INSERT INTO subscriptions_event (id, company_id, type, subject_id, sequence, body, created_at, test, fan_out, xact)
    SELECT gen_random_uuid(), %(company)s, 'pre_call', 'CAL' || n, 1, '{}', now(), false, 1, 0
      FROM generate_series(1, %(rows)s) n
    RETURNING id
)
INSERT INTO subscriptions_delivery
       (company_id, event_id, subscription_id, payload_version, encoding, shaped, batch, state, stage, lane, reason,
        due_at, attempts, round_began_after)
SELECT %(company)s, id, %(subscription)s, 'article', 'json', false, 1, 'pending', 1, 1, '', now() - interval '1 hour',
       3, 0
  FROM event
"""


def test_they_arrive_in_one_signed_request_each_with_its_id_and_its_own_body(company, tracker, receiver):
    subscription = batching_one(company, receiver.url, batch_events=3)
    calls(company, tracker, 3)
    drain_until(nothing_pending)
    (got,) = receiver.got
    rows = list(Delivery.objects.order_by("pk"))
    assert verify(got.body, got.headers, company.signing_key, subscription.secret)
    assert (got.headers["Callhooks-Event"], got.headers["Callhooks-Batch"]) == ("batch", "3")
    assert "Callhooks-Sequence" not in got.headers
    items = json.loads(got.body)
    assert [item["id"] for item in items] == [row.event.webhook_id for row in rows]
    assert [(item["type"], item["sequence"], item["attempt"]) for item in items] == [("pre_call", 1, 1)] * 3
    for row in rows:
        assert b'"data":' + read_sent(row) + b"}" in got.body
    attempts = list(Attempt.objects.order_by("delivery_id"))
    assert [attempt.outcome for attempt in attempts] == ["delivered"] * 3
    assert {batching.webhook_id(attempt.batch) for attempt in attempts} == {got.headers["webhook-id"]}
    assert {row.state for row in rows} == {"delivered"}
    assert is_sound(check_integrity(seconds=None))


def test_others_get_theirs_one_by_one_as_ever(company, tracker, receiver):
    make_subscription(company, receiver.url, ["pre_call"])
    calls(company, tracker, 2)
    drain_until(nothing_pending)
    assert [got.headers["Callhooks-Event"] for got in receiver.got] == ["pre_call"] * 2
    assert all("Callhooks-Batch" not in got.headers for got in receiver.got)
    assert set(Attempt.objects.values_list("batch", flat=True)) == {None}


def test_they_wait_until_there_are_enough(company, tracker):
    batching_one(company, batch_events=3)
    calls(company, tracker, 2)
    assert batches() == []
    calls(company, tracker, 1)
    assert sizes(batches()) == [3]


def test_or_until_the_first_has_waited_long_enough(company, tracker):
    batching_one(company)
    first, _ = calls(company, tracker, 2)
    now = timezone.now()
    waits = [row.due_at - now for row in Delivery.objects.order_by("pk")]
    assert all(timedelta(seconds=58) < wait <= timedelta(seconds=60) for wait in waits)
    Delivery.objects.filter(event__subject_id=first.resource_id).update(due_at=now)
    outbox.stage()
    assert sizes(batches()) == [2]


def test_a_request_is_under_way_at_a_time_and_what_is_left_follows_at_once(company, tracker):
    batching_one(company, batch_events=3)
    calls(company, tracker, 8)
    (job,) = batches()
    assert len(job.parts()) == 3
    assert batches() == []
    finish(*delivered(job).of_each())
    (job,) = batches()
    assert len(job.parts()) == 3
    finish(*delivered(job).of_each())
    assert batches() == []  # two are no batch yet
    assert outbox.look().due_seconds > 50


def test_a_failure_is_written_for_each_and_they_are_tried_again_together(company, tracker, receiver):
    batching_one(company, receiver.url, batch_events=4)
    receiver.answer = lambda got: (503 if len(receiver.got) == 1 else 200, {}, b"")
    calls(company, tracker, 4)
    drain_until(nothing_pending)
    assert [got.headers["Callhooks-Batch"] for got in receiver.got] == ["4", "4"]
    assert receiver.got[0].headers["webhook-id"] != receiver.got[1].headers["webhook-id"]
    ids = [[item["id"] for item in json.loads(got.body)] for got in receiver.got]
    assert ids[0] == ids[1]
    assert [item["attempt"] for item in json.loads(receiver.got[1].body)] == [2] * 4
    assert list(Delivery.objects.values_list("attempts", flat=True)) == [2] * 4


def test_what_a_server_refuses_is_sent_in_smaller_requests_until_one_is_alone(company, tracker):
    batching_one(company, batch_events=4)
    poison = Delivery.objects.get(event__subject_id=calls(company, tracker, 4)[2].resource_id)
    seen: list[int] = []
    while Delivery.objects.filter(state="delivered").count() < 3:
        all_due()
        for job in batches():
            refused = poison.pk in [part.id for part in job.parts()]
            finish(*(failed(job, status=422) if refused else delivered(job)).of_each())
            seen += sizes([job]) if refused else []
    assert seen[:2] == [4, 2]
    assert max(Delivery.objects.filter(state="delivered").values_list("attempts", flat=True)) <= 3


def test_a_failed_request_is_one_answer_to_the_breaker(company, tracker, receiver):
    batching_one(company, receiver.url, batch_events=20)
    receiver.answer = lambda got: (500, {}, b"")
    calls(company, tracker, 20)
    drain_until(lambda: Attempt.objects.count() == 20)
    health = EndpointHealth.objects.get()
    assert (health.window_bad, health.opened) == (1, 0)


def test_retries_do_not_go_with_what_is_new(company, tracker):
    batching_one(company, batch_events=3)
    calls(company, tracker, 3)
    (job,) = batches()
    finish(*failed(job, status=503).of_each())
    calls(company, tracker, 2)
    all_due()
    (first,) = batches()
    finish(*delivered(first).of_each())
    (second,) = batches()
    assert sorted(len({part.attempt for part in one.parts()}) for one in (first, second)) == [1, 1]
    assert sorted(sizes([first, second])) == [2, 3]


def test_a_process_killed_between_the_request_and_its_record_sends_the_batch_again(company, tracker):
    """The race: the receiver has it, nobody wrote that down. Its lease ends, and all of it goes again, each event with
    its id; the lost request is in the log of each."""
    batching_one(company, batch_events=3)
    calls(company, tracker, 3)
    (killed,) = batches()
    end_leases()
    (again,) = batches()
    assert [part.event_id for part in again.parts()] == [part.event_id for part in killed.parts()]
    assert [part.attempt for part in again.parts()] == [2, 2, 2]
    assert again.together.id != killed.together.id
    lost = Attempt.objects.filter(outcome="lost")
    assert {(one.number, one.batch) for one in lost} == {(1, killed.together.id)}
    assert lost.count() == 3
    assert outbox.finish(delivered(killed).of_each()).ids == set()
    assert len(outbox.finish(delivered(again).of_each()).ids) == 3


def test_a_process_killed_before_the_others_were_claimed_sends_them_all(company, tracker):
    """The race: one is claimed to lead, those that were to go with it are not."""
    batching_one(company, batch_events=3)
    calls(company, tracker, 3)
    claim()
    end_leases()
    jobs = batches()
    finish(*(one for job in jobs for one in delivered(job).of_each()))
    all_due()
    jobs = batches()
    finish(*(one for job in jobs for one in delivered(job).of_each()))
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_what_is_handed_back_goes_again_uncounted(company, tracker):
    batching_one(company, batch_events=3)
    calls(company, tracker, 3)
    outbox.hand_back(batches())
    assert set(Delivery.objects.values_list("attempts", "claim")) == {(0, None)}
    assert sizes(batches()) == [3]


def test_in_order_events_of_a_call_go_together_or_one_after_the_other(company):
    batching_one(company, events=["post_call", "call_modified"], ordered=True, batch_events=3)
    call = ended_call(company)
    for note in ("one", "two", "three"):
        call.note = note
        call.save()
    (job,) = batches()
    assert [part.sequence for part in job.parts()] == [1, 2, 3]
    assert batches() == []
    finish(*failed(job, status=503).of_each())
    call.note = "four"
    call.save()
    Delivery.objects.filter(attempts=0).update(due_at=timezone.now())
    outbox.stage()
    assert batches() == []  # what failed is before it
    all_due()
    (job,) = batches()
    assert [part.sequence for part in job.parts()] == [1, 2, 3]
    finish(*delivered(job).of_each())
    all_due()
    assert [[part.sequence for part in job.parts()] for job in batches()] == [[4, 5]]


def test_an_event_held_back_keeps_the_later_ones_of_its_call_out_of_a_request(company, tracker):
    batching_one(company, events=["post_call", "call_modified"], ordered=True, batch_events=2)
    call = ended_call(company, tracker)
    Delivery.objects.update(state="held", due_at=None, stage=0)
    call.note = "one"
    call.save()
    other = ended_call(company, tracker)
    assert batches() == []
    all_due()
    jobs = batches()
    sent = {Delivery.objects.get(pk=part.id).event.subject_id for job in jobs for part in job.parts()}
    assert sent == {other.resource_id}


def test_the_rate_counts_requests(company, tracker):
    batching_one(company, batch_events=3, rate_per_minute=6)
    calls(company, tracker, 6)
    (job,) = batches()
    finish(*delivered(job).of_each())
    used = EndpointHealth.objects.get().rate_used_until - timezone.now()
    assert timedelta(seconds=5) < used < timedelta(seconds=11)
    assert batches() == []


def test_a_request_is_no_larger_than_most_servers_take_and_a_larger_event_goes_alone(company, tracker, monkeypatch):
    from subscriptions.delivery.outbox import gathering

    batching_one(company, events=["text_message_received"])
    texts = [make_text(company, tracker, content=text) for text in ("a", "b" * 3000, "c")]
    monkeypatch.setattr(gathering, "MOST_BYTES", 2500)
    all_due()
    met = []
    for _ in range(3):
        for job in batches():
            met.append([part.sequence and part.body.count(b"b" * 3000) for part in job.parts()])
            finish(*delivered(job).of_each())
    assert sorted(met) == [[0, 0], [1]] or sorted(met) == [[0], [0], [1]]
    assert len(texts) == sum(len(one) for one in met)


def test_a_test_event_goes_alone_in_the_form_of_the_others(company, tracker, receiver):
    subscription = batching_one(company, receiver.url)
    calls(company, tracker, 2)
    test = send_test(subscription, "pre_call")
    drain_until(lambda: Delivery.objects.get(pk=test.pk).state == "delivered")
    (item,) = json.loads(receiver.got[0].body)
    assert item["id"] == test.event.webhook_id
    operations.pause(subscription)
    paused = send_test(subscription, "pre_call")
    drain_until(lambda: Delivery.objects.get(pk=paused.pk).state == "delivered")
    assert [item["id"] for item in json.loads(receiver.got[-1].body)] == [paused.event.webhook_id]
    assert set(Delivery.objects.filter(event__test=False).values_list("state", flat=True)) == {"held"}


def test_pause_and_resume_and_archive_are_as_ever(company, tracker, receiver):
    subscription = batching_one(company, receiver.url)
    calls(company, tracker, 2)
    operations.pause(subscription)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"held"}
    operations.resume(subscription, send_held=True)
    drain_until(nothing_pending)
    assert [got.headers["Callhooks-Batch"] for got in receiver.got] == ["2"]
    calls(company, tracker, 2)
    operations.archive(subscription)
    assert Delivery.objects.filter(state="cancelled").count() == 2


def test_send_now_takes_along_what_waits(company, tracker, receiver):
    batching_one(company, receiver.url)
    calls(company, tracker, 3)
    assert operations.send_now(Delivery.objects.order_by("pk")[:1]) == 1
    drain_until(nothing_pending)
    assert [got.headers["Callhooks-Batch"] for got in receiver.got] == ["3"]


def test_what_is_sent_again_goes_together(company, tracker, receiver):
    batching_one(company, receiver.url, batch_events=3)
    calls(company, tracker, 3)
    drain_until(nothing_pending)
    assert operations.resend(Delivery.objects.all()) == 3
    drain_until(nothing_pending)
    assert [got.headers["Callhooks-Batch"] for got in receiver.got] == ["3", "3"]


def test_gone_and_retry_after_are_for_the_whole_request(company, tracker, receiver):
    batching_one(company, receiver.url, batch_events=2)
    receiver.answer = lambda got: (429, {"Retry-After": "3000"}, b"")
    calls(company, tracker, 2)
    drain_until(lambda: Attempt.objects.count() == 2 and EndpointHealth.objects.exists())
    assert EndpointHealth.objects.get().retry_after_until > timezone.now() + timedelta(seconds=2000)
    Subscription.objects.get().health.delete()
    receiver.answer = lambda got: (410, {}, b"")
    all_due()
    drain_until(lambda: Subscription.objects.get().state == "disabled")
    assert {row.state for row in Delivery.objects.all()} == {"failed"}


def test_without_batches_what_waits_goes_as_usual(company, tracker, receiver):
    subscription = batching_one(company, receiver.url)
    calls(company, tracker, 2)
    subscription.batch_events = None
    subscription.save()
    all_due()
    drain_until(nothing_pending)
    assert [got.headers["Callhooks-Event"] for got in receiver.got] == ["pre_call"] * 2


def test_a_long_backlog_of_other_tries_is_not_read_through(company, tracker):
    """Nobody is served while a drain looks for what goes along."""
    subscription = batching_one(company)
    lead, other = (Delivery.objects.get(event__subject_id=each.resource_id) for each in calls(company, tracker, 2))
    with connection.cursor() as cursor:
        cursor.execute(BACKLOG, {"company": company.pk, "subscription": subscription.pk, "rows": gathering.MOST_SEEN})
    Delivery.objects.filter(pk__in=[lead.pk, other.pk]).update(lane=1, attempts=1, stage=1)
    now = timezone.now()
    Delivery.objects.filter(pk=lead.pk).update(due_at=now - timedelta(hours=2))
    Delivery.objects.filter(pk=other.pk).update(due_at=now - timedelta(seconds=1))
    (job,) = batches(limit=1)
    assert (job.id, sizes([job])) == (lead.pk, [1])
    Delivery.objects.filter(attempts=3).update(state="cancelled", due_at=None, finished_at=now)
    end_leases()
    (job,) = batches(limit=1)
    assert job.id == other.pk  # nobody waits for ever
